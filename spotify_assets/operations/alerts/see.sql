-- An incident that is seen: new, again, or opened again after it was over.
-- Parameters: the columns of the incident, and now.
INSERT INTO incidents (
    key, kind, title, body, severity, since, until, link,
    opened_at, closed_at, last_seen_at, times_seen, times_opened
)
VALUES (
    :key, :kind, :title, :body, :severity, :since, :until, :link,
    :now, NULL, :now, 1, 1
)
ON CONFLICT (key) DO UPDATE SET
    kind = excluded.kind,
    title = excluded.title,
    body = excluded.body,
    severity = excluded.severity,
    until = excluded.until,
    link = excluded.link,
    since = CASE WHEN incidents.closed_at IS NULL THEN incidents.since ELSE excluded.since END,
    opened_at = CASE WHEN incidents.closed_at IS NULL THEN incidents.opened_at ELSE excluded.opened_at END,
    times_seen = CASE WHEN incidents.closed_at IS NULL THEN incidents.times_seen + 1 ELSE 1 END,
    times_opened = incidents.times_opened
    + CASE WHEN incidents.closed_at IS NULL THEN 0 ELSE 1 END,
    last_seen_at = excluded.last_seen_at,
    closed_at = NULL
