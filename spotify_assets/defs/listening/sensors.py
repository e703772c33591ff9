"""The sensor of the inbox.

Belongs here: which files of the inbox are exports. Does not belong here: reading them
(``sources.account_export``).
"""

import dagster as dg

from spotify_assets.defs.inbox import look
from spotify_assets.defs.listening import jobs
from spotify_assets.settings import Settings

EXPORTS = (".zip", ".json")
"""What a file of an export is called in the end."""


@dg.sensor(
    job=jobs.import_history,
    description="Imports the exports of your listening history that lie in the inbox, once "
    "nothing in it changes any more.",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def inbox(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.RunRequest | dg.SkipReason:
    """Import the exports that somebody put into the inbox, once they are there as a whole."""
    return look(context, settings.inbox, EXPORTS)
