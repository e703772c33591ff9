"""The schedules of the predictions.

Belongs here: when a model is trained, and when it predicts. Does not belong here: how.
"""

import dagster as dg

from spotify_assets.defs.predictions import jobs
from spotify_assets.lake.release_files import file_folder
from spotify_assets.settings import Settings

NOTHING = "There is no file of releases: import the timelines of Spotify for Artists."


def _if_there_are_files(settings: Settings) -> dg.RunRequest | dg.SkipReason:
    is_any = any(file_folder(settings.lake, "").parent.glob("file=*"))
    return dg.RunRequest() if is_any else dg.SkipReason(NOTHING)


@dg.schedule(
    cron_schedule="30 4 * * 1",
    job=jobs.train_streams,
    description="Trains the model of daily streams each week, once there are files of releases.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def weekly_training(settings: dg.ResourceParam[Settings]) -> dg.RunRequest | dg.SkipReason:
    """Train on what came in the week."""
    return _if_there_are_files(settings)


@dg.schedule(
    # Not on Mondays: the training of that day predicts too.
    cron_schedule="30 4 * * 0,2-6",
    job=jobs.predict_streams,
    description="Predicts the streams of each release every day, and scores what has come.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def daily_predictions(settings: dg.ResourceParam[Settings]) -> dg.RunRequest | dg.SkipReason:
    """Predict from the last day that is known."""
    return _if_there_are_files(settings)
