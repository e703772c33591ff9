"""The catalog: what Spotify does not answer, and genres that shrink."""

import datetime as dt
import shlex

from spotify_assets.operations.alerts.causes.wording import key_of, literal, query
from spotify_assets.operations.alerts.incidents import Incident, minute


def quota_block(family: str, since: dt.datetime, until: dt.datetime) -> Incident:
    """Spotify does not answer a family of endpoints for some hours.

    Args:
        family: Such as ``search``.
        since: When it said so.
        until: When it will answer again.
    """
    return Incident(
        key_of("quota", family),
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


def rows_drop(genre: str, day: dt.date, rows: int, usual: float, since: dt.datetime) -> Incident:
    """A genre has far fewer rows than usual.

    Args:
        genre: Such as ``rock``.
        day: On which.
        rows: How many it has.
        usual: How many it has had on the days before.
        since: When that was found.
    """
    history = query(
        "SELECT date, table_name, received, kept, quarantined FROM processed.reconciliation "  # noqa: S608
        f"WHERE genre = {literal(genre)} ORDER BY date DESC, table_name LIMIT 40"
    )
    aside = query(
        "SELECT date, reason FROM quarantine.rows WHERE table_name = 'responses' AND "  # noqa: S608
        f"genre = {literal(genre)} ORDER BY date DESC LIMIT 40"
    )
    return Incident(
        key_of("rows_drop", genre),
        "rows_drop",
        f"{genre} has {rows:,} rows on {day}, usually {usual:,.0f}",
        f"Either Spotify gave less, or more was set aside. What came and what was kept:\n"
        f"  {history}\n\nResponses that could not be used as a whole:\n  {aside}\n\n"
        "To ask again, on the same day only:\n"
        f"  spotify-assets collect --genre {shlex.quote(genre)} --force",
        "warning",
        since,
    )
