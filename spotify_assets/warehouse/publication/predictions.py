"""The predictions in the DuckDB file: made again whenever the tables of releases were.

Belongs here: handing the facts to what estimates from them, and storing its tables. Does not belong
here: how anything is estimated (`learning`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import polars as pl

from spotify_assets.schemas import PREDICTIONS, Contract
from spotify_assets.warehouse.publication.integrity import hold
from spotify_assets.warehouse.publication.releases import replace

Tables = Mapping[type[Contract], pl.DataFrame]


@dataclass(frozen=True)
class Predictions:
    """How the tables of predictions are made."""

    derive: Callable[[Tables], Tables]
    facts: Sequence[type[Contract]]
    """The tables that it is given."""
    version: str
    """Another one makes the file again."""


def load(connection: duckdb.DuckDBPyConnection, how: Predictions) -> None:
    """Make all tables of predictions again.

    Args:
        connection: To the copy that will be published, in a transaction.
        how: What is made of the facts.

    Raises:
        WarehouseError: A table breaks its contract.
    """
    made = how.derive({one: connection.table(one.table()).pl() for one in how.facts})
    for contract in PREDICTIONS:
        replace(connection, contract, made[contract])
    hold(connection, PREDICTIONS)
