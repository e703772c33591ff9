"""Columns that stand in many tables, described once."""

from typing import Any

import polars as pl

from spotify_assets.schemas.contract import ID_PATTERN, Field

Moment = pl.Datetime
"""A time without a zone: it means the same to every reader."""


def column(**said: Any) -> Any:
    """A column that stands in one table only, as `Field` describes it."""
    return Field(**said)


def genre() -> Any:
    """The genre that was asked for."""
    return Field(
        str_min_length=1,
        description="Genre that was asked for; Spotify's own genre fields are deprecated.",
    )


def date() -> Any:
    """The day that was asked for."""
    return Field(description="Day (UTC) for which the API answered.")


def spotify_id(what: str, *, nullable: bool = False) -> Any:
    """A Spotify id."""
    return Field(
        str_matches=ID_PATTERN, nullable=nullable, description=f"Spotify id of the {what}."
    )


def name(what: str, *, nullable: bool = False) -> Any:
    """A name as Spotify gives it, untrimmed."""
    return Field(nullable=nullable, description=f"Name of the {what}, as Spotify gives it.")


def popularity(*, nullable: bool = True) -> Any:
    """Spotify's popularity."""
    return Field(
        ge=0,
        le=100,
        nullable=nullable,
        description="Spotify's popularity of that day, 0 to 100; null in development mode.",
    )


def position(what: str, *, nullable: bool = False) -> Any:
    """A position that counts from 1."""
    return Field(ge=1, nullable=nullable, description=what)


def count(what: str, *, nullable: bool = False) -> Any:
    """A number of things."""
    return Field(ge=0, nullable=nullable, description=what)


def text(what: str, *, nullable: bool = False) -> Any:
    """A free text."""
    return Field(nullable=nullable, description=what)


def moment(what: str, *, nullable: bool = False) -> Any:
    """A time to the microsecond, in UTC whatever the reader's time zone is."""
    return Field(nullable=nullable, description=f"{what} (UTC).")


def one_of(values: list[str], what: str, *, nullable: bool = False) -> Any:
    """One of a few words."""
    return Field(isin=values, nullable=nullable, description=what)


def table_name() -> Any:
    """A table of the lake."""
    return text("Table, as `layer.table`.")


def lake_file() -> Any:
    """A Parquet file of the lake."""
    return text("Parquet file, relative to the lake.")


def file_bytes() -> Any:
    """How large that file is."""
    return count("Size of the file in bytes.")


def written_ns() -> Any:
    """When that file was written."""
    return count("When the file was written, in ns since 1970 (UTC).")


def file_id() -> Any:
    """The name of an export file in the lake."""
    return Field(
        str_matches="^[0-9a-f]{16}$", description="First 16 digits of the export file's SHA-256."
    )


def account() -> Any:
    """Whose export it is, without saying who."""
    return Field(
        nullable=True,
        str_matches="^[0-9a-f]{16}$",
        description=(
            "Pseudonym of the account: a hash of its user name with a key that only this data "
            "folder has; null where the export does not name it."
        ),
    )


def source_file() -> Any:
    """Where the row came from."""
    return Field(description="Raw file, relative to the lake, that holds the response.")


def source_line() -> Any:
    """Where in that file."""
    return Field(ge=1, description="Line of that file, from 1: one response a line.")


def valid_from() -> Any:
    """Begin of a version."""
    return text("First day (UTC) on which this version was seen.")


def valid_to() -> Any:
    """End of a version."""
    return text(
        "Day (UTC) on which the next version was first seen; null for the current one.",
        nullable=True,
    )


def version_key(what: str) -> Any:
    """Surrogate key of a version of a dimension."""
    return Field(ge=0, description=what)


def is_current() -> Any:
    """The last version."""
    return text("The version that was seen last.")


def is_inferred() -> Any:
    """A member that no row describes."""
    return text("Known only by its id: its own row is in quarantine.")


def previous_rank() -> Any:
    """Rank of an earlier day."""
    return position(
        "Rank when it was last ranked by the same basis, for the same market, with as many wanted.",
        nullable=True,
    )


def previous_date() -> Any:
    """Day of that rank."""
    return text("Day (UTC) of that rank.", nullable=True)


def movement() -> Any:
    """Ranks gained or lost."""
    return text(
        "Ranks gained (+) or lost (-) since `previous_date`; null if it was gone in between.",
        nullable=True,
    )


def ranking_status() -> Any:
    """Movement in a word."""
    return one_of(
        ["new", "up", "down", "same", "re-entry", "not_comparable"],
        "`new`: never ranked before, though a day before could have shown it, or on the first day "
        "of its genre; `re-entry`: it had `left` or `fell_below` since; `not_comparable`: no "
        "earlier rank has the same basis, market and number wanted, or no earlier day was ranked "
        "as deep.",
    )
