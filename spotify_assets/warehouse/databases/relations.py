"""Tables of the target, as the contracts make them.

Belongs here: names, keys, references and indexes, for every system alike. Does not belong here: the
words of any system.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from spotify_assets.schemas import WAREHOUSE, Column, Contract, Stage
from spotify_assets.schemas.contract import ID_PATTERN
from spotify_assets.warehouse.databases.layers import Layers
from spotify_assets.warehouse.databases.slices import Slicing, slicing

ASKED = (
    *(Stage.PUBLISHED, Stage.DERIVED, Stage.LISTENING),
    *(Stage.RELEASES, Stage.PREDICTIONS, Stage.COMMENTS),
)
"""Tables that analysts join; the others are there to look things up."""
PLAYED = "ended_at"


@dataclass(frozen=True)
class ForeignKey:
    """Columns that are found in the columns of the same names of another table: in one row."""

    columns: tuple[str, ...]
    schema: str
    table: str


@dataclass(frozen=True)
class Relation:
    """A table of the target."""

    contract: type[Contract]
    schema: str
    name: str
    foreign_keys: tuple[ForeignKey, ...]
    indexes: tuple[tuple[str, ...], ...]
    """Columns that joins use, where no key begins with them."""

    @property
    def source(self) -> str:
        """Its name in the DuckDB file, as `layer.table`."""
        return self.contract.table()

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that identify a row."""
        return self.contract.key()

    @property
    def unique(self) -> str | None:
        """A column that identifies a row by itself, beside the key."""
        return self.contract.surrogate()

    @property
    def columns(self) -> list[Column]:
        """Its columns, in order."""
        return self.contract.columns()

    @property
    def slicing(self) -> Slicing:
        """What is compared, and replaced, at a time."""
        return slicing(self.contract)

    @property
    def comment(self) -> str:
        """What one row is, and what all are."""
        return f"{self.contract.description()} Grain: {self.contract.grain()}."


def relations(
    layers: Layers, contracts: Iterable[type[Contract]] = tuple(WAREHOUSE.values())
) -> list[Relation]:
    """All tables of the target, each after those that it refers to.

    Raises:
        TargetError: Two would be one table.
    """
    known = {contract.table(): contract for contract in contracts}
    places = layers.places(list(known))
    return [
        Relation(
            contract,
            *places[name],
            foreign_keys=tuple(
                ForeignKey(columns, *places[target])
                for columns, target in contract.references().items()
                if _finds_one_row(columns, known[target])
            ),
            indexes=_indexes(contract),
        )
        for name, contract in known.items()
    ]


def _indexes(contract: type[Contract]) -> tuple[tuple[str, ...], ...]:
    """What it refers to; and, where people ask: each Spotify id, and when something was played."""
    joined = dict.fromkeys(contract.references())
    if contract.stage() in ASKED:
        for name, (kind, field) in contract.fields().items():
            if field.str_matches == ID_PATTERN or (name, kind) == (PLAYED, pl.Datetime("us")):
                joined[(name,)] = None
    return tuple(
        columns
        for columns in joined
        if columns != contract.key()[: len(columns)] and columns != (contract.surrogate(),)
    )


def _finds_one_row(columns: tuple[str, ...], target: type[Contract]) -> bool:
    """Else the versions of one thing, which no foreign key can say."""
    return columns in (target.key(), (target.surrogate(),))
