"""Whether the published file is as a run would make it, which an import asks before it starts one.

Belongs here: what can be told without Dagster, whose import takes seconds. Does not belong here:
what was imported.
"""

from spotify_assets.schemas import Contract
from spotify_assets.settings import Settings
from spotify_assets.warehouse.reading import read_only
from spotify_assets.warehouse.tables import literal

TIME_ZONE = """
    SELECT macro_definition FROM duckdb_functions()
    WHERE schema_name = 'listening' AND function_name = 'time_zone'"""


def is_published(settings: Settings, contract: type[Contract]) -> bool:
    """Whether the file has what the lake has, by these settings and this version's contract."""
    from spotify_assets.warehouse.publication.changes import is_behind  # noqa: PLC0415 - slow

    if is_behind(settings.lake, settings.database):
        return False
    with read_only(settings.database) as connection:
        # The next publication makes another file where the settings or this version want one.
        zone = connection.execute(TIME_ZONE).fetchone()
        columns = connection.table(contract.table()).columns
    return zone == (literal(settings.time_zone),) and columns == list(contract.polars_schema())
