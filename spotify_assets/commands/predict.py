"""``predict``: what comes next for each release, and what its campaigns did."""

import datetime as dt
from typing import Annotated, Any

import typer

from spotify_assets.commands.exit_codes import settings_or_stop, stopping
from spotify_assets.commands.terminal import err, out, progress, show_table
from spotify_assets.lake.history import bring_up_to_date
from spotify_assets.lake.predictions import newest_model
from spotify_assets.settings import Settings
from spotify_assets.warehouse.reading import read_only

TRAINED_EVERY = dt.timedelta(days=7)
NEXT = """
    SELECT
        r.title, p.predicted_from, any_value(p.status),
        round(sum(p.predicted) FILTER (p.days_ahead <= 7)),
        any_value(round(p.predicted)) FILTER (p.days_ahead = 1),
        any_value(round(p.low)) FILTER (p.days_ahead = 1),
        any_value(round(p.high)) FILTER (p.days_ahead = 1)
    FROM predictions.streams_daily AS p
    JOIN predictions.models AS m USING (model_version)
    JOIN star.dim_release AS r USING (release_id)
    WHERE m.is_current
    GROUP BY r.release_id, r.title, p.predicted_from
    QUALIFY p.predicted_from = max(p.predicted_from) OVER (PARTITION BY r.release_id)
    ORDER BY r.title
"""
WINNERS = """
    SELECT e.candidate, count(*), avg(e.share_inside)
    FROM predictions.evaluations AS e
    JOIN predictions.models AS m USING (model_version)
    WHERE m.is_current AND e.is_winner
    GROUP BY ALL
    ORDER BY 2 DESC
"""
LIFT = """
    SELECT
        r.title, l.campaign, l.verdict, round(l.added_streams), round(l.added_low),
        round(l.added_high), l.needs
    FROM predictions.campaign_lift AS l
    JOIN star.dim_release AS r USING (release_id)
    ORDER BY l.first_day
"""


def predict(
    train: Annotated[
        bool, typer.Option("--train", help="Train now, not only once the model is a week old.")
    ] = False,
) -> None:
    """Predict the streams of each release, score what has come, and say what campaigns added.

    Trains first where there is no model yet, or it is older than a week. Without the extra
    `predict` LightGBM is no candidate: the simple ones are compared, and the best predicts.
    """
    settings = settings_or_stop()
    bring_up_to_date(settings.lake)
    newest = newest_model(settings.lake)
    is_old = newest is None or dt.datetime.now(dt.UTC) - newest.trained_at > TRAINED_EVERY
    _run(settings, train=train or is_old)
    _show(settings)


def _run(settings: Settings, *, train: bool) -> None:
    from spotify_assets.defs import launch  # noqa: PLC0415 - Dagster takes seconds to import

    launch.prepare_home(settings.dagster_home)
    with (
        stopping("Stopped. What is published stays as it was; the same command begins again."),
        launch.instance(settings) as instance,
        progress(1) as begin,
    ):
        begin("train and predict" if train else "predict")
        outcome = launch.predict(instance, settings, train=train)
        launch.close(settings, [outcome])
        outcome.raise_for_failure()


def _show(settings: Settings) -> None:
    with read_only(settings.database) as connection:
        coming, winners, lifts = (
            connection.execute(sql).fetchall() for sql in (NEXT, WINNERS, LIFT)
        )
        why_no_lightgbm = connection.execute(
            "SELECT why_no_lightgbm FROM predictions.models WHERE is_current"
        ).fetchall()
    columns = ["release", "known until", "", "next 7 days", "first day", "low", "high"]
    show_table("Expected", columns, [_whole(row) for row in coming])
    for candidate, days, inside in winners:
        held = "" if inside is None else f"; its intervals held {inside:.0%} of days, 80% is meant"
        out.print(f"{candidate} was best for {days} of 28 days ahead{held}.", soft_wrap=True)
    for (why,) in why_no_lightgbm:
        if why:
            err.print(f"LightGBM was no candidate: {why}.", style="yellow", soft_wrap=True)
    if lifts:
        columns = ["release", "campaign", "verdict", "added", "at least", "at most", "needs"]
        show_table("Streams that campaigns added", columns, [_whole(row) for row in lifts])


def _whole(row: tuple[Any, ...]) -> list[Any]:
    """With streams as whole numbers."""
    return [int(one) if isinstance(one, float) else one for one in row]
