"""The incident of each kind: its key, its words, and the command that helps.

What the functions take is known to whoever finds that something is wrong. All times are UTC.

Does not belong here: finding that out.
"""

import calendar
import datetime as dt
import shlex
from collections.abc import Sequence
from pathlib import Path

from spotify_assets.operations.alerts.incidents import Incident, minute

RANGE = "..."
"""Between the first and the last partition of a range; no genre holds it."""
LAST_DAYS = 7
"""So many days before its end, a sign-in that nobody renewed is an error."""


def run_failure(
    job: str, partition: str | None, error: str, since: dt.datetime, link: str | None = None
) -> Incident:
    """A run failed.

    Args:
        job: Its name, such as ``catalog``.
        partition: Such as ``2026-11-20|rock``; ``None`` where the job has none.
        error: What it says went wrong.
        since: When it failed.
        link: The run in the Dagster UI.
    """
    what_to_do = "Run the job again in the Dagster UI."
    if again := _command("collect", partition):
        what_to_do = f"It goes on where it stopped with:\n  {again}"
    return Incident(
        _key("run_failure", job, partition),
        "run_failure",
        f"The run of {job} failed{_for(partition)}",
        f"{error}\n\nResponses that were received are kept. {what_to_do}",
        "error",
        since,
        link,
    )


def left_out_of_backfill(
    backfill: str, days: Sequence[tuple[str, dt.date]], since: dt.datetime, link: str | None = None
) -> Incident:
    """A backfill ended, but no run was ever started for some of its genre-days.

    Args:
        backfill: Its id in Dagster.
        days: Genre and day of those; at least one.
        since: When it ended.
        link: The backfill in the Dagster UI.
    """
    first, last = min(day for _, day in days), max(day for _, day in days)
    genres = sorted({genre for genre, _ in days})
    words = " ".join(f"--genre {shlex.quote(genre)}" for genre in genres)
    return Incident(
        _key("run_failure", "backfill", backfill),
        "run_failure",
        f"The backfill {backfill} left out {len(days):,} genre-days",
        f"It ended, and may say that it succeeded. But no run was started for {len(days):,} of its "
        f"genre-days, from {first} to {last}: Dagster loses some where a backfill of a job needs "
        "more than 25 runs. To make them:\n"
        f"  spotify-assets backfill {words} --date {first}..{last}",
        "error",
        since,
        link,
    )


def check_failure(
    check: str,
    table: str,
    partition: str | None,
    found: str,
    since: dt.datetime,
) -> Incident:
    """A check over a table failed.

    Args:
        check: Its name, such as ``integrity``.
        table: Such as ``star.dim_artist``.
        partition: Such as ``2026-11-20|rock``; ``None`` where the check is over the whole table.
        found: What the check says.
        since: When it failed.
    """
    where = ""
    if parts := _genre_day(partition):
        genre, day = parts
        where = f" WHERE genre = {_literal(genre)} AND date = {_literal(day)}"
    set_aside = _query(f"SELECT * FROM quarantine.rows{where}")  # noqa: S608 - for the reader
    return Incident(
        _key("check_failure", f"{table}.{check}", partition),
        "check_failure",
        f"The check {check} of {table} failed{_for(partition)}",
        f"{found}\n\nDo not trust the table before this is understood. What was set aside, and "
        f"why, is shown by:\n  {set_aside}",
        "error",
        since,
    )


COLLECT = (
    "The API answers for now only: a day that is over cannot be collected.\n\n"
    "See whether the Dagster daemon is running (`make dev` starts it). To collect now:\n"
    "  spotify-assets collect --all"
)
PUBLISH_TO = (
    "The DuckDB file is not touched by that.\n\nSee whether the Dagster daemon and the database "
    "are running. To publish now, and to be told what is wrong:\n  spotify-assets publish-to"
)


def late_data(
    table: str,
    last: dt.datetime | None,
    expected: dt.datetime,
    link: str | None = None,
    remedy: str = COLLECT,
) -> Incident:
    """A table has not been brought up to date in time.

    Args:
        table: Such as ``processed.tracks``.
        last: When it last was; ``None``: never.
        expected: When it should have been.
        link: The asset in the Dagster UI.
        remedy: What to do, as sentences.
    """
    was = f"It last was {minute(last)}" if last else "It never was"
    return Incident(
        _key("late", *table.split(".")),
        "late_data",
        f"{table} is late",
        f"{table} should have been brought up to date by {minute(expected)}. {was}. {remedy}",
        "error",
        expected,
        link,
    )


def quota_block(family: str, since: dt.datetime, until: dt.datetime) -> Incident:
    """Spotify does not answer a family of endpoints for some hours.

    Args:
        family: Such as ``search``.
        since: When it said so.
        until: When it will answer again.
    """
    return Incident(
        _key("quota", family),
        "quota_block",
        f"Spotify answers no {family} requests until {minute(until)}",
        f"The quota of {family} requests is used up. Nothing is sent until {minute(until)}, "
        "because asking makes the wait longer. What was received is kept, and there is nothing to "
        "do: the next run goes on from there. To start one by hand after that time:\n"
        "  spotify-assets collect --all",
        "warning",
        since,
        until=until,
    )


def token_ends(ends: dt.datetime, days: int, since: dt.datetime) -> Incident:
    """The user's sign-in ends soon, or has ended.

    Args:
        ends: Six months after the sign-in; using it does not prolong it.
        days: The limit that was passed: it ends within so many days. 0: it has ended.
        since: When that limit was passed.
    """
    when = f"ends within {days} days" if days else "has ended"
    return Incident(
        _key("token", str(days)),
        "token_ends",
        f"The sign-in to Spotify {when}",
        f"The sign-in to Spotify holds until {minute(ends)}. After that no plays are "
        "collected, and only about the last 50 can be fetched later. Sign in again:\n"
        "  spotify-assets login",
        "warning" if days > LAST_DAYS else "error",
        since,
    )


def rows_drop(genre: str, day: dt.date, rows: int, usual: float, since: dt.datetime) -> Incident:
    """A genre has far fewer rows than usual.

    Args:
        genre: Such as ``rock``.
        day: On which.
        rows: How many it has.
        usual: How many it has had on the days before.
        since: When that was found.
    """
    history = _query(
        "SELECT date, table_name, received, kept, quarantined FROM processed.reconciliation "  # noqa: S608
        f"WHERE genre = {_literal(genre)} ORDER BY date DESC, table_name LIMIT 40"
    )
    aside = _query(
        "SELECT date, reason FROM quarantine.rows WHERE table_name = 'responses' AND "  # noqa: S608
        f"genre = {_literal(genre)} ORDER BY date DESC LIMIT 40"
    )
    return Incident(
        _key("rows_drop", genre),
        "rows_drop",
        f"{genre} has {rows:,} rows on {day}, usually {usual:,.0f}",
        f"Either Spotify gave less, or more was set aside. What came and what was kept:\n"
        f"  {history}\n\nResponses that could not be used as a whole:\n  {aside}\n\n"
        "To ask again, on the same day only:\n"
        f"  spotify-assets collect --genre {shlex.quote(genre)} --force",
        "warning",
        since,
    )


def streams_drop(
    release_id: str,
    title: str,
    day: dt.date,
    streams: int,
    bases: Sequence[tuple[str, int]],
) -> Incident:
    """A release has less than half of the streams that it had.

    Args:
        release_id: As ``releases.toml`` declares it.
        title: Of the release.
        day: On which.
        streams: How many it has.
        bases: Of which other days how many, such as ``("the day before", 400)``; at least one.
    """
    history = _query(
        "SELECT date, streams FROM star.fact_streams_daily "  # noqa: S608 - for the reader
        f"WHERE release_id = {_literal(release_id)} ORDER BY date DESC LIMIT 28"
    )
    revised = _query(
        f"SELECT * FROM monitoring.release_revisions WHERE subject_id = {_literal(release_id)} "  # noqa: S608
        "ORDER BY date DESC LIMIT 28"
    )
    before = " and ".join(f"{count:,} {of}" for of, count in bases)
    return Incident(
        _key("streams_drop", release_id),
        "streams_drop",
        f"{title} has {streams:,} streams on {day}, after {before}",
        "A playlist may have dropped it, a campaign may have ended, or a download may be of "
        "a day that was not over. Its last four weeks:\n"
        f"  {history}\n\nWhat later downloads changed:\n  {revised}\n\n"
        "Download its timeline again and import it, if the day looks unfinished.",
        "warning",
        dt.datetime.combine(day, dt.time(), dt.UTC),
    )


def comments_drift(
    subject: str, day: dt.date, share: float, usual: float, comments: int
) -> Incident:
    """Comments are about something else than they were, or labels are unsure more often.

    Args:
        subject: ``unsure``, or ``topic`` and its code.
        day: Last day of the week.
        share: Of the comments of that week.
        usual: In the four weeks before.
        comments: How many that week has.
    """
    what = f"the {subject}" if subject.startswith("topic ") else f"`{subject}`"
    _, _, topic = subject.partition(" ")
    which = f"list_contains(l.topics, {_literal(topic)})" if topic else "l.category = 'unsure'"
    some = _query(
        "SELECT c.date, l.category, c.text FROM comments.current_label AS l JOIN "  # noqa: S608
        f"comments.comments AS c USING (comment_id) WHERE {which} AND c.date > DATE '{day}' - 7 "
        "ORDER BY c.date DESC LIMIT 20"
    )
    return Incident(
        _key("comments_drift", topic or subject),
        "comments_drift",
        f"{share:.0%} of the comments of the week to {day} are of {what}, usually {usual:.0%}",
        f"Of {comments:,} comments. Something has happened that people talk about, or comments are "
        f"of another kind than the labeller has learned. Some of them:\n  {some}\n\n"
        "To decide what they are, so that the labels can be trusted:\n  spotify-assets review",
        "warning",
        dt.datetime.combine(day, dt.time(), dt.UTC),
    )


def invalid_rows(
    file_id: str, name: str, received: int, quarantined: int, since: dt.datetime
) -> Incident:
    """Too many rows of a download were set aside.

    Args:
        file_id: In ``monitoring.release_files``.
        name: Of the file.
        received: How many rows it has.
        quarantined: How many of them were set aside.
        since: When it was imported.
    """
    rows = _query(
        "SELECT source_line, column_name, value, reason FROM quarantine.release_rows "  # noqa: S608
        f"WHERE file_id = {_literal(file_id)} ORDER BY source_line"
    )
    return Incident(
        _key("invalid_rows", file_id),
        "invalid_rows",
        f"{quarantined / received:.0%} of the rows of {name} were set aside",
        f"{quarantined:,} of {received:,} rows cannot be read, or cannot be true; the others "
        f"count. Which, and why:\n  {rows}\n\nDownload it again and import it: the later "
        "download counts.",
        "warning",
        since,
    )


SHOWN_LATE = 20


def late_file(kind: str, files: Sequence[tuple[str, dt.datetime]], since: dt.datetime) -> Incident:
    """Downloads of a kind that used to come again have not come.

    Args:
        kind: Such as ``song_streams``.
        files: Name and last time of each; at least one.
        since: When the first of them was late.
    """
    lines = [f"{name}: last on {last:%Y-%m-%d}" for name, last in files[:SHOWN_LATE]]
    if len(files) > SHOWN_LATE:
        lines.append(f"and {len(files) - SHOWN_LATE} more")
    first = files[0][0] if len(files) == 1 else f"{len(files)} downloads"
    return Incident(
        _key("late_file", kind),
        "late_file",
        f"{first} ({kind}) should have come again",
        "\n".join(lines)
        + "\n\nThey came on several days, and have not for twice as long as usual. "
        "Download what you still follow, and put it into the inbox or import it:\n"
        "  spotify-assets import\n\nWhat does not come for four times as long is no longer "
        "waited for (SPOTIFY_DOWNLOADS_LATE_DAYS).",
        "warning",
        since,
    )


def model_withdrawn(version: str, day: dt.date, missed: float, naive_missed: float) -> Incident:
    """The model of daily streams did worse than the last day going on, and took itself out.

    Args:
        version: Of the model, in ``predictions.models``.
        day: The last of the 28 days over which it did worse.
        missed: Streams that its predictions were off by.
        naive_missed: The same of the last day going on.
    """
    scores = _query(
        "SELECT date, sum(abs(error)) AS missed, sum(abs(naive_error)) AS naive_missed "  # noqa: S608
        f"FROM predictions.scores WHERE model_version = {_literal(version)} "
        "GROUP BY date ORDER BY date DESC LIMIT 28"
    )
    return Incident(
        _key("model_withdrawn", version),
        "model_withdrawn",
        f"The model of daily streams did worse than naive over the 28 days up to {day}",
        f"Its predictions were off by {missed:,.0f} streams; the last day going on would have been "
        f"off by {naive_missed:,.0f}. Until another model is trained, that is what is predicted. "
        f"Day by day:\n  {scores}\n\nA training is due each Monday. To train now:\n"
        "  spotify-assets predict --train",
        "warning",
        dt.datetime.combine(day, dt.time(), dt.UTC),
    )


def damaged_file(
    path: Path,
    found: str,
    since: dt.datetime,
    partition: str | None,
    link: str | None = None,
) -> Incident:
    """A file of the lake is not as it was written.

    Args:
        path: The file, relative to the data folder.
        found: What is wrong with it.
        since: When that was found.
        partition: Such as ``2026-11-20|rock``; ``None`` where it is of the listening history: then
            ``found`` says what to do.
        link: The run that found it, in the Dagster UI.
    """
    what_to_do = f"\n\n{remake(path, partition)}" if partition else ""
    return Incident(
        _key("damaged_file", path.as_posix()),
        "damaged_file",
        f"{path.name} is damaged{_for(partition)}",
        f"{path}: {found}{what_to_do}",
        "error",
        since,
        link,
    )


def remake(path: Path, partition: str) -> str:
    """What to do with a damaged file of the catalog; arguments as `damaged_file` has them."""
    if path.parent.name.startswith("month=") and (parts := _genre_day(partition)):
        month = path.parent.name.removeprefix("month=")
        _, days = calendar.monthrange(*map(int, month.split("-")))
        return (
            "Delete it. Then the days of its month can be made again from the raw responses:\n"
            f"  spotify-assets backfill --genre {shlex.quote(parts[0])} "
            f"--date {month}-01..{month}-{days}"
        )
    remedy = "Its day can be made again from the raw responses:"
    if path.suffix != ".parquet":
        remedy = (
            "Restore it from a backup: responses of a past day cannot be fetched again. Then make "
            "its day again from them:"
        )
    return f"{remedy}\n  {_command('backfill', partition)}"


def _key(*parts: str | None) -> str:
    return "/".join(part for part in parts if part)


def _genre_day(partition: str | None) -> tuple[str, str] | None:
    """Genre and day of a key such as ``2026-11-20|rock``; ``None`` of any other, as of a range."""
    day, _, genre = (partition or "").partition("|")
    return (genre, day) if genre and RANGE not in genre else None


def _for(partition: str | None) -> str:
    if parts := _genre_day(partition):
        return f" for {parts[0]} on {parts[1]}"
    return f" for {partition}" if partition else ""


def _command(name: str, partition: str | None) -> str | None:
    if parts := _genre_day(partition):
        genre, day = parts
        return f"spotify-assets {name} --genre {shlex.quote(genre)} --date {day}"
    return None


def _query(sql: str) -> str:
    """The command as one would type it: quoted in the way that is read with least effort."""
    is_plain = not set(sql) & set('"$`\\!')
    quoted = f'"{sql}"' if is_plain else shlex.quote(sql)
    return f"spotify-assets query {quoted}"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
