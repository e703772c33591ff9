"""Publishing outside a run: what happened reaches the warehouse also where nothing was made.

Belongs here: calling it. Does not belong here: how it is done (``warehouse.publish``).
"""

from spotify_assets.defs.assets.publish import queries
from spotify_assets.defs.logs import LOGS
from spotify_assets.settings import Settings
from spotify_assets.warehouse.publish import Published, publish


def publish_now(settings: Settings) -> Published:
    """Bring the warehouse to the state of the lake and the logs.

    Raises:
        WarehouseError: What is there does not fit together; the old state stays.
        LakeError: It cannot be written.
    """
    return publish(settings.lake, settings.database, queries(), LOGS)
