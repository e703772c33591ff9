"""Publishing: the one place that puts together what the warehouse is made of.

Belongs here: which queries, logs and tables of plays go into it, and calling it, in a
run or outside one. Does not belong here: how it is done (``warehouse.publish``).
"""

import logging

from spotify_assets.defs.logs import LOGS
from spotify_assets.schemas import Contract
from spotify_assets.settings import Settings
from spotify_assets.transforms import listening
from spotify_assets.transforms.expressions import OF_ALL_DAYS, inputs, sql, sql_of_some
from spotify_assets.warehouse.catalogue import Query
from spotify_assets.warehouse.listening import Listening
from spotify_assets.warehouse.publish import Published, publish


def publish_now(
    settings: Settings, *, everywhere: bool = False, compact: bool = False
) -> Published:
    """Bring the warehouse to the state of the lake and the logs.

    Args:
        settings: Where they are.
        everywhere: As `warehouse.publish.publish` has it.
        compact: The same.

    Raises:
        WarehouseError: What is there does not fit together; the old state stays.
        LakeError: It cannot be written.
        LedgerError: The request ledger cannot be read.
        OperationsError: The runs cannot be read.
    """
    return publish(
        settings.lake,
        settings.database,
        queries(),
        LOGS,
        plays_of(settings.time_zone),
        everywhere=everywhere,
        compact=compact,
    )


def warn_of_damage(published: Published, log: logging.Logger) -> None:
    """Say in a run's log what is not taken in; an incident tells people."""
    for one in published.damaged.iter_rows(named=True):
        log.error(
            "%s of the lake could not be taken in: %s What was published of it before stays.",
            one["file"],
            one["reason"],
        )


def queries() -> dict[type[Contract], Query]:
    """The query of each table that is made from all days; compiled when they are asked for."""
    return {
        contract: Query(sql(contract), sql_of_some(contract), inputs(contract))
        for contract in OF_ALL_DAYS
    }


def plays_of(time_zone: str) -> Listening:
    """How the tables of plays are made for a listener in that time zone."""
    return Listening(
        derive=listening.derive,
        made=listening.DERIVED,
        is_outdated=listening.IS_OUTDATED,
        time_zone=time_zone,
        version=listening.version(),
    )
