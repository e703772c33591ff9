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


@dataclass(frozen=True)
class Scopes:
    """`WHERE …` for the rows that the changed genre-days touch; empty for all rows."""

    full_refresh: bool
    """Every row counts."""
    genres: tuple[str, ...]
    since: dt.date | None
    """The first day that changed."""

    @classmethod
    def of(cls, connection: duckdb.DuckDBPyConnection, *, full_refresh: bool) -> "Scopes":
        """Read them off the changed genre-days."""
        changed = connection.sql(f"SELECT genre, min(date) FROM {DAYS} GROUP BY genre").fetchall()
        genres = tuple(sorted(genre for genre, _ in changed))
        return cls(full_refresh, genres, min((date for _, date in changed), default=None))

    def loaded(self, contract: type[Contract]) -> str:
        """Rows of a table of the lake."""
        if self.full_refresh or contract.table() not in LAKE:
            return ""
        return f"WHERE (genre, date) IN (FROM {DAYS})"

    def read(self, contract: type[Contract], of: type[Contract] | None = None) -> str:
        """Rows that a derived table is made of: of itself, or of another table that it reads."""
        first, *others = contract.key()
        if self.full_refresh or (of and first not in of.polars_schema()):
            return ""
        if first == "genre" and others:
            return f"WHERE genre IN ({', '.join(map(literal, self.genres)) or 'NULL'})"
        if first.endswith("_id"):
            return f'WHERE "{first}" IN (FROM {ids(first)})'
        return ""

    def made(self, contract: type[Contract]) -> str:
        """Rows of a derived table that are made of these.

        A rank is compared with those of days before it, never of later ones. Of a departure that is
        not so: on which day somebody is missing is known once the next day is there.
        """
        read = self.read(contract)
        if read and contract.table() in LAKE and self.since:
            return f"{read} AND date >= DATE '{self.since}'"
        return read


def ids(column: str) -> str:
    """Temporary table: the ids that the changed genre-days name, before and after."""
    return f'"changed_{column}"'
