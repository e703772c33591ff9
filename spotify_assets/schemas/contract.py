"""What a contract is: the one description of a table that everything else is made from.

Belongs here: the base class and what is read off it (columns, key, DDL types).
Does not belong here: any table, any data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pandera.polars as pa
import polars as pl

ID_PATTERN = r"^[0-9A-Za-z]{22}$"
"""A Spotify id: 22 base-62 characters."""


@dataclass(frozen=True)
class Column:
    """One column of a contract, as shown to people and to DuckDB."""

    name: str
    dtype: pl.DataType
    nullable: bool
    description: str
    rule: str
    """The checks in words, e.g. ``0 to 100``; empty where the type says it all."""


@dataclass(frozen=True)
class Spec:
    """What a contract says of the table as a whole."""

    table: str
    grain: str
    key: tuple[str, ...]
    references: Mapping[tuple[str, ...], str]
    surrogate: str | None


class Contract(pa.DataFrameModel):
    """Base of all tables: strict columns in order, a key, a grain.

    A table is declared with keyword arguments of the class::

        class Tracks(Contract, table="processed.tracks", grain="one track", key=("track_id",)):

    ``references`` maps columns to the table whose columns of the same names must hold them.
    ``surrogate`` is a column that identifies a row by itself, beside the key.
    """

    _spec: ClassVar[Spec]

    def __init_subclass__(
        cls,
        *,
        table: str | None = None,
        grain: str = "",
        key: tuple[str, ...] = (),
        references: Mapping[tuple[str, ...], str] | None = None,
        surrogate: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init_subclass__(**kwargs)  # type: ignore[no-untyped-call]
        if table is not None:
            cls._spec = Spec(table, grain, key, references or {}, surrogate)

    class Config:
        """Columns are exactly these, in this order; types are never coerced."""

        strict = True
        ordered = True
        coerce = False

    @classmethod
    def table(cls) -> str:
        """``layer.table``: the asset ``layer/table`` and the DuckDB table of that name."""
        return cls._spec.table

    @classmethod
    def grain(cls) -> str:
        """What one row is."""
        return cls._spec.grain

    @classmethod
    def key(cls) -> tuple[str, ...]:
        """The columns that identify a row."""
        return cls._spec.key

    @classmethod
    def references(cls) -> Mapping[tuple[str, ...], str]:
        """Columns → the table in whose columns of the same names they must be found."""
        return cls._spec.references

    @classmethod
    def surrogate(cls) -> str | None:
        """The column that identifies a row by itself, beside the key; most tables have none."""
        return cls._spec.surrogate

    @classmethod
    def columns(cls) -> list[Column]:
        """The columns in order."""
        return [
            Column(
                name=name,
                dtype=column.dtype.type,
                nullable=column.nullable,
                description=column.description or "",
                rule=", ".join(_in_words(check) for check in column.checks),
            )
            for name, column in cls.to_schema().columns.items()
        ]

    @classmethod
    def polars_schema(cls) -> pl.Schema:
        """Names and types, for empty frames and for reading."""
        return pl.Schema({column.name: column.dtype for column in cls.columns()})

    @classmethod
    def description(cls) -> str:
        """The docstring as one paragraph."""
        return " ".join((cls.__doc__ or "").split())


def _in_words(check: pa.Check) -> str:
    facts = check.statistics or {}
    match check.name:
        case "greater_than_or_equal_to":
            return f"≥ {facts['min_value']}"
        case "less_than_or_equal_to":
            return f"≤ {facts['max_value']}"
        case "isin":
            return "one of " + ", ".join(f"`{value}`" for value in facts["allowed_values"])
        case "str_matches":
            return f"matches `{getattr(facts['pattern'], 'pattern', facts['pattern'])}`"
        case "str_length":
            return f"at least {facts['min_value']} character(s)"
        case _:
            return str(check.name)
