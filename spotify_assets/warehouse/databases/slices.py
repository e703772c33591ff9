"""Slices of a table, and fingerprints of what is in them.

A publication costs what changed: a slice whose fingerprint is the one that the target has noted is
neither sent nor looked at. Fingerprints are DuckDB's hashes of rows, on both sides: of the target's
rows too, when they are verified.

Belongs here: how a table is cut, and the queries for it. Does not belong here: any target.
"""

from dataclasses import dataclass

import polars as pl

from spotify_assets.schemas import Column, Contract, Stage
from spotify_assets.schemas.contract import ID_PATTERN
from spotify_assets.warehouse.tables import TYPES, literal

LOG_ROWS = 10_000
"""Of a table that only grows, rows of a slice: the last one is sent again."""
BUCKETS = 1024


@dataclass(frozen=True)
class Slicing:
    """The expressions that tell the slice of a row; none: the table is one slice.

    They mean the same in DuckDB and in PostgreSQL.
    """

    expressions: tuple[str, ...]

    @property
    def part(self) -> str:
        """The first, as text: slices are compared part by part first, and there are fewer."""
        return f"CAST({self.expressions[0]} AS VARCHAR)" if self.expressions else "''"

    @property
    def label(self) -> str:
        """All of them, as one text."""
        texts = ", ".join(f"CAST({one} AS VARCHAR)" for one in self.expressions)
        return f"concat_ws('|', {texts})" if texts else "''"


def slicing(contract: type[Contract]) -> Slicing:
    """How a table is cut: by genre-day, month, hash or number, as its key is."""
    fields = contract.fields()
    first, *_ = contract.key()
    kind, field = fields[first]
    moment = next(iter(fields))
    if {"genre", "date"} <= set(contract.key()):
        return Slicing(('"genre"', '"date"'))
    if field.str_matches == ID_PATTERN:
        # Ids are drawn by chance: some thousand slices of one size.
        return Slicing((f'left("{first}", 1)', f'left("{first}", 2)'))
    if kind == pl.Int64():
        of_log = f'"{first}" - "{first}" % {LOG_ROWS}'
        return Slicing((of_log if contract.stage() is Stage.LOG else f'"{first}" % {BUCKETS}',))
    # Of plays the first column is when; their keys are where they were read.
    dated = next((n for n in (first, moment) if fields[n][0] in (pl.Date(), pl.Datetime("us"))), "")
    return Slicing((f"CAST(date_trunc('month', \"{dated}\") AS DATE)",) if dated else ())


def fingerprints(contract: type[Contract], source: str) -> str:
    """A query: of each slice ``part``, ``slice``, ``rows`` and ``fingerprint``.

    Args:
        contract: Of the table.
        source: What holds its rows, as `FROM` has it.
    """
    cut = slicing(contract)
    # A column that tells the slice is the same in all of it.
    hashed = ", ".join(
        sent(one) for one in contract.columns() if f'"{one.name}"' not in cut.expressions
    )
    told = [f"{one} AS s{number}" for number, one in enumerate(cut.expressions)]
    texts = [f"replace(CAST(s{number} AS VARCHAR), chr(0), '')" for number in range(len(told))]
    # Texts are made of slices, not of rows. No row is there twice, so none is lost in the exclusive
    # or; a sum takes half as long again. 63 bits, because most databases know no unsigned number.
    inner = ", ".join([*told, "count(*) AS rows", f"bit_xor(hash({hashed}) >> 1) AS fingerprint"])
    return (
        f"SELECT {literal(contract.table())} AS table_name, {texts[0] if texts else literal('')} "
        f"AS part, concat_ws('|', {', '.join(texts) or literal('')}) AS slice, rows, "
        f"CAST(fingerprint AS BIGINT) AS fingerprint "
        f"FROM (SELECT {inner} FROM {source} GROUP BY ALL) WHERE rows > 0"
    )


def sent(column: Column) -> str:
    """A column as the target gets it: of its type, without the zero bytes that no text may hold."""
    name = f'CAST("{column.name}" AS {TYPES[column.dtype]})'
    if column.dtype == pl.String() and ID_PATTERN not in column.rule:
        return f"replace({name}, chr(0), '')"
    if column.dtype == pl.List(pl.String()):
        return f"list_transform({name}, lambda text: replace(text, chr(0), ''))"
    return name
