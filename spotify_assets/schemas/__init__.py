"""The contract of each table: names, types, units, keys, descriptions.

Belongs here: what a table is. Does not belong here: how it is made or where it lies.
The asset ``star/dim_artist``, the table ``star.dim_artist`` and the class ``DimArtist`` are one
thing. A contract is found because its module lies here, and filed by its stage.
"""

import pkgutil
from importlib import import_module

from spotify_assets.schemas.contract import REGISTERED, Column, Contract, Stage

for _module in pkgutil.walk_packages(__path__, f"{__name__}."):
    # The dictionary is made of what stands here.
    if _module.name != f"{__name__}.dictionary":
        import_module(_module.name)


def of(*stages: Stage) -> tuple[type[Contract], ...]:
    """The contracts of the stages, stage by stage, in the order in which they are declared."""
    return tuple(one for stage in stages for one in REGISTERED if one.stage() is stage)


def _by_name(contracts: tuple[type[Contract], ...]) -> dict[str, type[Contract]]:
    """By table; of two that describe one table, the later."""
    return {contract.table(): contract for contract in contracts}


PROCESSED = of(Stage.PROCESSED)
RANKED = of(Stage.RANKED)
FACTS = of(Stage.FACTS)
DERIVED = of(Stage.DERIVED)
LISTENING = of(Stage.LISTENING)
RELEASES = of(Stage.RELEASES)
PREDICTIONS = of(Stage.PREDICTIONS)
COMMENTS = of(Stage.COMMENTS)
LAKE_ONLY = of(Stage.LAKE_ONLY)
LOGS = of(Stage.LOG)

LAKE = _by_name((*PROCESSED, *RANKED, *FACTS))
"""Tables that lie in the lake, a Parquet file for each genre-day."""

TABLES = LAKE | _by_name(of(Stage.PUBLISHED, Stage.DERIVED))
"""Tables of the catalog that are assets, as analysts see them."""

WAREHOUSE = TABLES | _by_name(
    of(Stage.PUBLICATION, Stage.LISTENING, Stage.RELEASES, Stage.PREDICTIONS)
    + of(Stage.COMMENTS, Stage.LOG)
)
"""Tables of the DuckDB file."""

__all__ = [
    "COMMENTS",
    "DERIVED",
    "FACTS",
    "LAKE",
    "LAKE_ONLY",
    "LISTENING",
    "LOGS",
    "PREDICTIONS",
    "PROCESSED",
    "RANKED",
    "RELEASES",
    "TABLES",
    "WAREHOUSE",
    "Column",
    "Contract",
    "Stage",
    "of",
]
