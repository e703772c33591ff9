-- Times are ISO 8601 in UTC to the second, so that they compare as texts.

-- One row is an incident that is open or was: the same key again is the same row.
CREATE TABLE IF NOT EXISTS incidents (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    severity TEXT NOT NULL,
    since TEXT NOT NULL,
    until TEXT,
    link TEXT,
    opened_at TEXT NOT NULL,
    closed_at TEXT, -- null while it is open
    last_seen_at TEXT NOT NULL,
    times_seen INTEGER NOT NULL, -- since it opened
    times_opened INTEGER NOT NULL
);

CREATE INDEX IF NOT EXISTS incidents_open ON incidents (kind) WHERE closed_at IS NULL;

-- One row is a message on a channel, from its first attempt on.
CREATE TABLE IF NOT EXISTS outbox (
    id TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    state TEXT NOT NULL, -- open, over: what it tells
    status TEXT NOT NULL, -- waiting, delivered, failed
    made_at TEXT NOT NULL,
    ended_at TEXT, -- delivered or failed
    attempts INTEGER NOT NULL,
    next_attempt_at TEXT NOT NULL,
    last_error TEXT
);

CREATE INDEX IF NOT EXISTS outbox_status ON outbox (channel, status, ended_at);

-- One row is what a channel is to be told of an incident: that it opened, that it is over, or both.
CREATE TABLE IF NOT EXISTS notices (
    id INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    key TEXT NOT NULL REFERENCES incidents (key),
    openings INTEGER NOT NULL, -- that no earlier notice tells
    opened_at TEXT NOT NULL, -- the first of them
    closed_at TEXT, -- null: it is open
    due_at TEXT NOT NULL,
    message TEXT REFERENCES outbox (id) -- null: in no message yet, so it can still change
);

CREATE INDEX IF NOT EXISTS notices_key ON notices (channel, key);
CREATE INDEX IF NOT EXISTS notices_waiting ON notices (channel, id) WHERE message IS NULL;
CREATE INDEX IF NOT EXISTS notices_message ON notices (message);
