"""Checks of quality, with a history: drift, drops, quarantine, missing and late days.

Belongs here: measures as asset checks. Does not belong here: how they are measured
(``warehouse.quality``).
"""

import datetime as dt
from collections.abc import Iterator

import dagster as dg

from spotify_assets.defs.checks import DATABASE
from spotify_assets.defs.failures import failing
from spotify_assets.defs.metadata import markdown
from spotify_assets.defs.partitions import genre_days_to_check
from spotify_assets.defs.resources import WarehouseResource
from spotify_assets.settings import Settings
from spotify_assets.warehouse.quality.checks import MEASURES, Measure, Measured, measure

BY_PARTITION = "by partition"
"""Metadata of a result: the verdict of each genre-day, for the history."""
SHOWN = 50
DAYS_BACK = {"day_before": 1, "same_weekday": 7}


def _spec(what: Measure) -> dg.AssetCheckSpec:
    asset = dg.AssetKey(what.table.split("."))
    return dg.AssetCheckSpec(
        what.name,
        asset=asset,
        additional_deps=[] if asset == DATABASE else [DATABASE],
        description=what.description,
    )


OF_DAYS = tuple(what for what in MEASURES if not what.is_of_genre)
OF_GENRES = tuple(what for what in MEASURES if what.is_of_genre)


# A backfill runs what has partitions apart from the rest, and the UI any asset alone: each with its
# own checks only.
@dg.multi_asset_check(name="quality", specs=[_spec(what) for what in OF_DAYS], can_subset=True)
@failing
def quality(
    context: dg.AssetCheckExecutionContext,
    warehouse: WarehouseResource,
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.AssetCheckResult]:
    """Measure what a run has made; where it made nothing, the last day of each genre."""
    days = genre_days_to_check(context.run.tags, context.instance) or None
    back = DAYS_BACK[settings.rows_compared_with]
    with warehouse.get_connection() as connection:
        for what in _selected(context, OF_DAYS):
            found = measure(connection, what, today=_today(), days=days, days_back=back)
            yield _result(what, found)


@dg.multi_asset_check(name="freshness", specs=[_spec(what) for what in OF_GENRES], can_subset=True)
@failing
def freshness(
    context: dg.AssetCheckExecutionContext,
    warehouse: WarehouseResource,
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.AssetCheckResult]:
    """Measure what no run can: the days that nobody collected. A genre off the list is let be."""
    genres = set(settings.genres)
    with warehouse.get_connection() as connection:
        for what in _selected(context, OF_GENRES):
            yield _result(what, measure(connection, what, today=_today(), genres=genres))


def _selected(
    context: dg.AssetCheckExecutionContext, measures: tuple[Measure, ...]
) -> list[Measure]:
    return [what for what in measures if _spec(what).key in context.selected_asset_check_keys]


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


def _result(what: Measure, found: list[Measured]) -> dg.AssetCheckResult:
    bad = [one for one in found if one.verdict != "passed"]
    worst = dg.AssetCheckSeverity.ERROR if any(b.verdict == "ERROR" for b in bad) else None
    lines = [
        f"| {markdown.inline(one.genre_day.genre)} | {one.genre_day.date} | {one.value:g} | "
        f"{'' if one.usual is None else f'{one.usual:g}'} | {one.verdict} |"
        for one in bad[:SHOWN]
    ]
    table = "\n".join(["| genre | date | value | usual | verdict |", "|-|-|-:|-:|-|", *lines])
    return dg.AssetCheckResult(
        passed=not bad,
        severity=worst or dg.AssetCheckSeverity.WARN,
        asset_key=dg.AssetKey(what.table.split(".")),
        check_name=what.name,
        description=f"{len(bad)} of {len(found)} that were measured did not pass.",
        metadata={
            "not passed": len(bad),
            "which": dg.MetadataValue.md(table if bad else "none"),
            BY_PARTITION: dg.MetadataValue.json(
                [
                    {
                        "genre": one.genre_day.genre,
                        "date": one.genre_day.date.isoformat(),
                        "value": one.value,
                        "usual": one.usual,
                        "verdict": one.verdict,
                    }
                    for one in found
                ]
            ),
        },
    )
