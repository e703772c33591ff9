"""What a target keeps of what was published to it: the tables for that, beside the data.

Belongs here: their contracts. They are none of the DuckDB file's, so they have no stage. Does not
belong here: reading or writing them.
"""

import polars as pl

from spotify_assets.schemas import columns as c
from spotify_assets.schemas.contract import Contract


class Slices(
    Contract,
    table="monitoring.target_slices",
    grain="one slice of a published table",
    key=("table_name", "part", "slice"),
):
    """What each slice of a table was when it was published; one that differs is sent again."""

    table_name: str = c.text("Table of the DuckDB file, as `layer.table`.")
    part: str = c.text("What several slices have in common, such as their genre.")
    slice: str = c.text("Which rows: a genre-day, a month, or others of one kind.")
    rows: pl.Int64 = c.count("Rows of the slice.")
    fingerprint: pl.Int64 = c.count("A hash of these rows.")


class Migrations(
    Contract,
    table="monitoring.target_migrations",
    grain="one change of the tables, keys, comments or answers",
    key=("number",),
):
    """Each change of what is here besides rows, with the statements that made it."""

    number: pl.Int64 = c.position("Number of the change, from 1.")
    version: str = c.text("SHA-256 of all that is here since, as statements.")
    applied_at: c.Moment = c.moment("When it was made")
    statements: pl.List = c.column(description="The statements, in order.")


class Publications(
    Contract,
    table="monitoring.target_publications",
    grain="one publication that found something to do",
    key=("number",),
):
    """Each publication to this database; all of its changes were seen at once."""

    number: pl.Int64 = c.position("Number of the publication, from 1.")
    published_at: c.Moment = c.moment("When it began")
    source: str = c.text("The DuckDB file: its size and when it was written, in ns since 1970.")
    slices: pl.Int64 = c.count("Slices that were sent.")
    rows_added: pl.Int64 = c.count("Rows that were not there before just so.")
    rows_removed: pl.Int64 = c.count("Rows of before that are not there any more just so.")


STATE: tuple[type[Contract], ...] = (Slices, Migrations, Publications)
