"""The sensor of the inbox.

Belongs here: which files of the inbox are downloads of a team. Does not belong here: reading them
(``sources.release_files``).
"""

import dagster as dg

from spotify_assets.defs.inbox import look
from spotify_assets.defs.releases import jobs
from spotify_assets.settings import Settings

DOWNLOADS = (".csv", ".tsv", ".toml")


@dg.sensor(
    job=jobs.import_releases,
    description="Imports the downloads of Spotify for Artists, Meta Ads and distributors that lie "
    "in the inbox, once nothing in it changes any more.",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def release_inbox(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.RunRequest | dg.SkipReason:
    """Import the downloads that somebody put into the inbox, once they are there as a whole."""
    return look(context, settings.inbox, DOWNLOADS)
