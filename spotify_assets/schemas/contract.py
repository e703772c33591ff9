"""What a contract is: the one description of a table that everything else is made from.

Belongs here: the base class and what is read off it (columns, key, DDL types).
Does not belong here: any table, any data.
"""

from abc import ABCMeta
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, get_type_hints

import polars as pl

from spotify_assets.storage.errors import ProjectError

if TYPE_CHECKING:
    import pandera.polars as pa

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
class Field:
    """What a contract says of a column beside its type; null values are told by `nullable`."""

    description: str
    nullable: bool = False
    ge: float | None = None
    le: float | None = None
    isin: list[str] | None = None
    str_matches: str | None = None
    str_min_length: int | None = None

    def rules(self) -> dict[str, Any]:
        """Those that are set."""
        names = ("ge", "le", "isin", "str_matches", "str_min_length")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


class ContractBroken(ProjectError):
    """Rows do not keep the contract of their table.

    Attributes:
        failure_cases: One row a failure, as pandera tells them: `column`, `check`, `failure_case`,
            `index` and others.
    """

    def __init__(self, table: str, failure_cases: pl.DataFrame) -> None:
        super().__init__(f"Rows break the contract of {table}: {failure_cases.to_dicts()}")
        self.failure_cases = failure_cases


class Stage(Enum):
    """Where a table is made, and from what."""

    PROCESSED = auto()
    """From the raw responses of a genre-day; a partition of the lake."""
    RANKED = auto()
    """Ranks as far as a genre-day knows them by itself; a partition of the lake."""
    FACTS = auto()
    """Facts as far as a genre-day knows them by itself; a partition of the lake."""
    PUBLISHED = auto()
    """A table of the lake with what other days add, in the warehouse."""
    DERIVED = auto()
    """From all days that are there, when the warehouse is published."""
    LISTENING = auto()
    """From the listening history, all together whenever a file of it changed."""
    RELEASES = auto()
    """From the downloads of an artist's team, all together whenever a file of them changed."""
    PREDICTIONS = auto()
    """Fitted to the tables of releases: again whenever these, or a model or its predictions change.
    """
    COMMENTS = auto()
    """From comments, labels and decisions, all together whenever a file of them changed."""
    LAKE_ONLY = auto()
    """In the lake, and not in the warehouse: others tell the same in fewer rows."""
    PUBLICATION = auto()
    """What the published file was made from."""
    LOG = auto()
    """By what happened; it only ever grows, and its first column numbers the rows."""


@dataclass(frozen=True)
class Spec:
    """What a contract says of the table as a whole."""

    table: str
    grain: str
    key: tuple[str, ...]
    references: Mapping[tuple[str, ...], str]
    surrogate: str | None
    stage: Stage | None


REGISTERED: list["type[Contract]"] = []
"""Every contract that has a stage, in the order in which they are declared."""
TYPES: dict[Any, pl.DataType] = {
    str: pl.String(),
    bool: pl.Boolean(),
    pl.Date: pl.Date(),
    pl.Int32: pl.Int32(),
    pl.Int64: pl.Int64(),
    pl.Float64: pl.Float64(),
    pl.Datetime: pl.Datetime("us"),
    pl.List: pl.List(pl.String()),
}
"""What stands for a type in a contract. Times have no zone: they mean the same to every reader."""


class Contract(metaclass=ABCMeta):
    """Base of all tables: strict columns in order, a key, a grain.

    A table is declared with keyword arguments of the class, and registers itself by its ``stage``::

        class Tracks(
            Contract, table="processed.tracks", grain="one track", key=("track_id",),
            stage=Stage.PROCESSED,
        ):
            track_id: str = c.spotify_id("track")

    ``references`` maps columns to the table whose columns of the same names must hold them.
    ``surrogate`` is a column that identifies a row by itself, beside the key.
    """

    _spec: ClassVar[Spec]

    def __init_subclass__(
        cls,
        *,
        table: str,
        grain: str,
        key: tuple[str, ...],
        references: Mapping[tuple[str, ...], str] | None = None,
        surrogate: str | None = None,
        stage: Stage | None = None,
    ) -> None:
        super().__init_subclass__()
        cls._spec = Spec(table, grain, key, references or {}, surrogate, stage)
        if stage is not None:
            REGISTERED.append(cls)

    @classmethod
    def stage(cls) -> Stage | None:
        """Where the table is made."""
        return cls._spec.stage

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
    @cache
    def fields(cls) -> dict[str, tuple[pl.DataType, Field]]:
        """Of each column, in order, its type and what is said of it."""
        return {
            name: (TYPES[kind], getattr(cls, name))
            for name, kind in get_type_hints(cls).items()
            if not name.startswith("_")
        }

    @classmethod
    def columns(cls) -> list[Column]:
        """The columns in order."""
        return [
            Column(name, dtype, field.nullable, field.description, _in_words(field))
            for name, (dtype, field) in cls.fields().items()
        ]

    @classmethod
    def validate(cls, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows, if they keep the contract: exactly its columns, in order, of its types.

        Raises:
            ContractBroken: They do not; it tells all that is wrong.
        """
        # Pandera goes through the rows several times a column, and its import takes as long as all
        # tables of a genre-day. So it is asked where one pass has found something: for what, where.
        if _is_kept(cls, rows):
            return rows
        from pandera.errors import SchemaErrors  # noqa: PLC0415 - it imports pandas

        try:
            return _schema(cls).validate(rows, lazy=True)
        except SchemaErrors as error:
            raise ContractBroken(cls.table(), error.failure_cases) from error

    @classmethod
    def polars_schema(cls) -> pl.Schema:
        """Names and types, for empty frames and for reading."""
        return pl.Schema({column.name: column.dtype for column in cls.columns()})

    @classmethod
    def description(cls) -> str:
        """The docstring as one paragraph."""
        return " ".join((cls.__doc__ or "").split())


def _is_kept(contract: type[Contract], rows: pl.DataFrame) -> bool:
    if list(rows.schema.items()) != list(contract.polars_schema().items()):
        return False
    return all(rows.select(_rules(contract)).row(0))


@cache
def _rules(contract: type[Contract]) -> list[pl.Expr]:
    """What must be true of all rows; of a null, only that it may be there."""
    rules = [pl.lit(value=True)]
    for name, (_, field) in contract.fields().items():
        column = pl.col(name)
        if not field.nullable:
            rules.append(column.is_not_null())
        for rule, value in field.rules().items():
            match rule:
                case "ge":
                    rules.append(column >= value)
                case "le":
                    rules.append(column <= value)
                case "isin":
                    rules.append(column.is_in(value))
                case "str_matches":
                    rules.append(column.str.contains(value))
                case _:
                    rules.append(column.str.len_chars() >= value)
    return [rule.all().alias(str(number)) for number, rule in enumerate(rules)]


@cache
def _schema(contract: type[Contract]) -> "pa.DataFrameSchema":
    import pandera.polars as pa  # noqa: PLC0415 - it imports pandas

    def checks(field: Field) -> list[pa.Check]:
        rules = field.rules()
        least = rules.pop("str_min_length", None)
        lengths = [] if least is None else [pa.Check.str_length(min_value=least)]
        return [*(getattr(pa.Check, rule)(value) for rule, value in rules.items()), *lengths]

    return pa.DataFrameSchema(
        {
            name: pa.Column(dtype, checks(field), field.nullable)
            for name, (dtype, field) in contract.fields().items()
        },
        name=contract.__name__,
        strict=True,
        ordered=True,
    )


def _in_words(field: Field) -> str:
    """The rules of a column for people."""
    words = []
    for rule, value in field.rules().items():
        match rule:
            case "ge":
                words.append(f"≥ {value}")
            case "le":
                words.append(f"≤ {value}")
            case "isin":
                words.append("one of " + ", ".join(f"`{one}`" for one in value))
            case "str_matches":
                words.append(f"matches `{value}`")
            case _:
                words.append(f"at least {value} character(s)")
    return ", ".join(words)
