"""The schedule of the polls.

Belongs here: whether a poll is due. Does not belong here: how it is made.
"""

import datetime as dt

import dagster as dg

from spotify_assets.defs.active_runs import still_running
from spotify_assets.defs.at_load import AT_LOAD
from spotify_assets.defs.listening import jobs
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.errors import NoClientId, TokenStoreError
from spotify_assets.sources.spotify_api.tokens import Condition


@dg.schedule(
    cron_schedule=f"*/{AT_LOAD.poll_minutes} * * * *",
    job=jobs.poll_plays,
    description="Asks Spotify what you played last, once you have signed in with "
    "`spotify-assets login`.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def recently_played(
    context: dg.ScheduleEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.SkipReason | dg.RunRequest:
    """Ask what the user played last, once somebody has signed in."""
    try:
        sign_in = settings.user_tokens.state()
    except (NoClientId, TokenStoreError) as error:
        return dg.SkipReason(str(error))
    if sign_in.condition is not Condition.VALID:
        return dg.SkipReason(f"Nobody is signed in ({sign_in.condition}): `spotify-assets login`.")
    if busy := still_running(context.instance, jobs.poll_plays.name):
        return busy
    return dg.RunRequest(partition_key=dt.datetime.now(dt.UTC).date().isoformat())
