"""Which rows a publication must look at, because partitions changed: as conditions in SQL.

Belongs here: the conditions, read off a table's key. Does not belong here: what is done with the
rows.
"""

import datetime as dt
from dataclasses import dataclass

import duckdb

from spotify_assets.schemas import LAKE, Contract
from spotify_assets.warehouse.tables import literal

CHANGED = "changed"
"""Temporary table: the partitions that changed, as `partitions.difference` gives them."""
DAYS = "changed_days"
"""Temporary table: their genre-days."""


# Grain: one row. The genres, and the first of their last days before those that changed.
SINCE = f"""
WITH first AS (SELECT genre, min(date) AS date FROM {DAYS} GROUP BY genre),
before AS (
    SELECT first.genre, coalesce(max(collected.date), first.date) AS date
    FROM first
    LEFT JOIN processed.collections AS collected
        ON collected.genre = first.genre AND collected.date < first.date
    GROUP BY first.genre, first.date
)
SELECT list(genre ORDER BY genre), min(date) FROM before"""


@dataclass(frozen=True)
class Scopes:
    """`WHERE …` for the rows that the changed genre-days touch; empty for all rows."""

    anew: bool
    """Every row counts."""
    genres: tuple[str, ...]
    since: dt.date | None
    """The last day collected before the first that changed: no ranking of before it is touched.

    What a ranking is compared with lies before it; but who is missing between two days is known
    only once the second is there.
    """

    @classmethod
    def of(cls, connection: duckdb.DuckDBPyConnection, *, anew: bool) -> "Scopes":
        """Read them off the changed genre-days."""
        genres, since = connection.execute(SINCE).fetchall()[0]
        return cls(anew, tuple(genres or ()), since)

    def loaded(self, contract: type[Contract]) -> str:
        """Rows of a table of the lake."""
        if self.anew or contract not in LAKE.values():
            return ""
        return f"WHERE (genre, date) IN (FROM {DAYS})"

    def read(self, contract: type[Contract]) -> str:
        """Rows of each table that a derived one is made of."""
        first, *others = contract.key()
        if self.anew:
            return ""
        if first == "genre" and others:
            return f"WHERE genre IN ({', '.join(map(literal, self.genres)) or 'NULL'})"
        if first.endswith("_id"):
            return f'WHERE "{first}" IN (FROM {ids(first)})'
        return ""

    def made(self, contract: type[Contract]) -> str:
        """Rows of a derived table that are made of these."""
        read = self.read(contract)
        if read and "date" in contract.key() and self.since:
            return f"{read} AND date >= DATE '{self.since}'"
        return read


def ids(column: str) -> str:
    """Temporary table: the ids that the changed genre-days name, before and after."""
    return f'"changed_{column}"'
