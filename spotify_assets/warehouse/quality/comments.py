"""Whether comments are about something else than they were, or labellers unsure more often.

Belongs here: measuring the published file, and what is too much. Does not belong here: who is told
of it.
"""

import datetime as dt
import math
from dataclasses import dataclass
from importlib import resources

import duckdb

from spotify_assets.schemas.comments import CurrentLabel
from spotify_assets.warehouse.tables import literal

SQL = resources.files(__package__).joinpath("comments_drift.sql").read_text(encoding="utf-8")
UNSURE = "unsure"
MIN_COMMENTS = 50
"""Of the week and of the four before: of fewer a share says nothing."""
MIN_CHANGE = 0.1
"""What a share has to change by, of all comments, for anybody to be told."""
MIN_Z = 4.0
"""How many standard deviations that must be: by chance it is so once in 16,000 shares."""


@dataclass(frozen=True)
class Drift:
    """A share of the comments that is not what it was."""

    subject: str
    """``unsure``, or ``topic`` and its code."""
    day: dt.date
    """The last of the week."""
    share: float
    usual: float
    """In the four weeks before."""
    comments: int
    """Of the week."""


def are_there(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the file knows comments: one of an earlier version does not."""
    return bool(
        connection.execute(
            "SELECT count(*) FROM duckdb_tables() "
            f"WHERE schema_name || '.' || table_name = {literal(CurrentLabel.table())}"
        ).fetchall()[0][0]
    )


def drifts(connection: duckdb.DuckDBPyConnection, today: dt.date) -> list[Drift]:
    """The shares of the last week with comments that differ from the four weeks before.

    Args:
        connection: To the published file.
        today: What was said more than two weeks before is no news.
    """
    rows = connection.execute(SQL.replace("$today", f"DATE '{today}'")).fetchall()
    return [
        Drift(subject, day, new / new_total, old / old_total, new_total)
        for subject, day, new, new_total, old, old_total in rows
        if _is_much(new, new_total, old, old_total)
    ]


def _is_much(new: int, new_total: int, old: int, old_total: int) -> bool:
    """By a test of two proportions, and by what it means to people."""
    if min(new_total, old_total) < MIN_COMMENTS:
        return False
    change = abs(new / new_total - old / old_total)
    together = (new + old) / (new_total + old_total)
    spread = math.sqrt(together * (1 - together) * (1 / new_total + 1 / old_total))
    return change >= MIN_CHANGE and change > MIN_Z * spread
