"""Releases and what is predicted of them."""

import datetime as dt
from collections.abc import Sequence

from spotify_assets.operations.alerts.causes.wording import key_of, literal, query
from spotify_assets.operations.alerts.incidents import Incident


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
    history = query(
        "SELECT date, streams FROM star.fact_streams_daily "  # noqa: S608 - for the reader
        f"WHERE release_id = {literal(release_id)} ORDER BY date DESC LIMIT 28"
    )
    revised = query(
        f"SELECT * FROM monitoring.release_revisions WHERE subject_id = {literal(release_id)} "  # noqa: S608
        "ORDER BY date DESC LIMIT 28"
    )
    before = " and ".join(f"{count:,} {of}" for of, count in bases)
    return Incident(
        key_of("streams_drop", release_id),
        "streams_drop",
        f"{title} has {streams:,} streams on {day}, after {before}",
        "A playlist may have dropped it, a campaign may have ended, or a download may be of "
        "a day that was not over. Its last four weeks:\n"
        f"  {history}\n\nWhat later downloads changed:\n  {revised}\n\n"
        "Download its timeline again and import it, if the day looks unfinished.",
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
    rows = query(
        "SELECT source_line, column_name, value, reason FROM quarantine.release_rows "  # noqa: S608
        f"WHERE file_id = {literal(file_id)} ORDER BY source_line"
    )
    return Incident(
        key_of("invalid_rows", file_id),
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
        key_of("late_file", kind),
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
    scores = query(
        "SELECT date, sum(abs(error)) AS missed, sum(abs(naive_error)) AS naive_missed "  # noqa: S608
        f"FROM predictions.scores WHERE model_version = {literal(version)} "
        "GROUP BY date ORDER BY date DESC LIMIT 28"
    )
    return Incident(
        key_of("model_withdrawn", version),
        "model_withdrawn",
        f"The model of daily streams did worse than naive over the 28 days up to {day}",
        f"Its predictions were off by {missed:,.0f} streams; the last day going on would have been "
        f"off by {naive_missed:,.0f}. Until another model is trained, that is what is predicted. "
        f"Day by day:\n  {scores}\n\nA training is due each Monday. To train now:\n"
        "  spotify-assets predict --train",
        "warning",
        dt.datetime.combine(day, dt.time(), dt.UTC),
    )
