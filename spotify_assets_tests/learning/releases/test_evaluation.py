"""The choice between candidates, and intervals: the best wins, and too little says so."""

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest

from spotify_assets.learning.releases import candidates, evaluation, forecast, models
from spotify_assets.learning.releases.candidates import HORIZON, baselines
from spotify_assets.learning.releases.panel import Panel, panel
from spotify_assets.learning.releases.scores import DAYS_WORSE, scores, withdrawn
from spotify_assets.schemas.predictions import Scores, StreamsDaily
from spotify_assets_tests.learning.releases.labels import (
    FIRST,
    campaign,
    day,
    no_playlists,
    noisy,
    panel_of,
    releases_of,
    streams_of,
)

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


def label(counts: dict[str, list[int | None]]) -> Panel:
    made = panel_of(counts)
    assert made
    return made


def calm(days: int = 260, releases: int = 4) -> dict[str, list[int | None]]:
    return {f"r{number}": noisy(number, days) for number in range(releases)}


def weekly(days: int = 260) -> dict[str, list[int | None]]:
    """A strong week, and hardly anything else."""
    return {
        f"r{number}": [
            round((count or 0) ** 0.1 * (900 if at % 7 == 3 else 100))
            for at, count in enumerate(noisy(number, days))
        ]
        for number in range(4)
    }


def walk(days: int = 260) -> dict[str, list[int | None]]:
    """Each day is the day before, and a step: nothing is better than the last day."""
    steps = np.random.default_rng(3).normal(0, 0.2, (4, days)).cumsum(axis=1)
    return {f"r{n}": [round(3000 * float(np.exp(x))) for x in row] for n, row in enumerate(steps)}


def test_the_simple_candidates_look_at_the_last_day_the_last_week_and_its_weekdays() -> None:
    made = label({"r": [*range(100, 110), None, 111, 112, 113]})
    said = baselines(made, np.array([0]), np.array([13]))
    week = [107, 108, 109, np.nan, 111, 112, 113]
    assert (said["naive"] == 113).all()
    assert said["mean_7"][0] == pytest.approx(np.nanmean(week))
    assert said["seasonal_naive"][0, :3].tolist() == [107, 108, 109]
    assert said["seasonal_naive"][0, 3] == pytest.approx(np.nanmean(week))
    assert said["seasonal_naive"][0, 7:10].tolist() == [107, 108, 109]
    assert {one.shape for one in said.values()} == {(1, HORIZON)}


@pytest.mark.parametrize(
    ("counts", "best"),
    [(calm(), "mean_7"), (weekly(), "seasonal_naive"), (walk(), "naive")],
    ids=("noise", "a week", "a walk"),
)
def test_the_candidate_that_misses_least_is_used_and_naive_is_an_answer(
    counts: dict[str, list[int | None]], best: str
) -> None:
    evaluated = evaluation.evaluate(label(counts), with_lightgbm=False)
    assert max(set(evaluated.winners), key=evaluated.winners.count) == best
    for scored, winner in zip(evaluated.days_ahead, evaluated.winners, strict=True):
        assert winner
        assert scored[winner].wape == min(one.wape for one in scored.values())


def test_intervals_hold_about_four_of_five_days_that_they_did_not_see() -> None:
    counts = calm(days=400, releases=12)
    evaluated = evaluation.evaluate(label(counts).until(day(370)), with_lightgbm=False)
    inside = []
    for ahead in range(HORIZON):
        scored = evaluated.days_ahead[ahead]["mean_7"]
        assert scored.coverage == pytest.approx(0.8, abs=0.1)
        for streams in counts.values():
            truth = (streams[371 + ahead] or 0) + 1
            before = np.mean([one or 0 for one in streams[364:371]]) + 1
            inside.append(before * scored.low <= truth <= before * scored.high)
    assert np.mean(inside) == pytest.approx(0.8, abs=0.05)


def test_what_comes_after_an_origin_does_not_change_what_was_said_of_it() -> None:
    counts = calm(days=200)
    other = {name: [*days[:150], *([7] * 50)] for name, days in counts.items()}
    columns = np.array([149])
    first, second = label(counts), label(other)
    rows, of = evaluation.origins(first, columns)
    for name, said in baselines(first, rows, of).items():
        assert (said == baselines(second, rows, of)[name]).all()


def predicted(counts: dict[str, list[int | None]], **how: Any) -> pl.DataFrame:
    made = label(counts)
    model = models.train(made, NOW.isoformat(), with_lightgbm=False)
    return StreamsDaily.validate(forecast.predict(model, made, NOW, **how))


def test_each_release_is_predicted_for_28_days_from_its_own_last_day() -> None:
    counts = calm()
    counts["r0"] = counts["r0"][:-5]
    told = predicted(counts)
    assert told.height == 4 * HORIZON
    of_first = told.filter(pl.col("release_id") == "r0")
    assert of_first["predicted_from"].unique().to_list() == [day(254)]
    assert of_first["date"].to_list() == [day(255 + ahead) for ahead in range(HORIZON)]
    assert (told["low"] <= told["predicted"]).all()
    assert (told["predicted"] <= told["high"]).all()
    assert told["share_inside"].is_between(0.6, 1).all()


@pytest.mark.parametrize(
    ("streams", "status"),
    [
        ([100] * 28, "predicted"),
        ([100] * 27, "too little data"),
        ([100, None] * 17 + [100], "too little data"),
        ([100] * 100 + [None] * 20 + [100] * 3, "too little data"),
    ],
    ids=("28 days", "27 days", "every second day", "after a pause"),
)
def test_below_the_least_that_must_be_known_there_is_no_number(
    streams: list[int | None], status: str
) -> None:
    told = predicted({**calm(), "new": streams}).filter(pl.col("release_id") == "new")
    assert told["status"].unique().to_list() == [status]
    has_number = status == "predicted"
    assert told["predicted"].is_not_null().all() == has_number
    assert told["needs"].is_null().all() == has_number


def test_a_label_that_is_too_small_to_compare_candidates_gets_no_number() -> None:
    told = predicted({"only": noisy(1, 60)})
    assert told["status"].unique().to_list() == ["too little data"]
    assert told["predicted"].is_null().all()


def test_a_release_whose_declared_date_is_wrong_is_predicted_all_the_same() -> None:
    counts = calm()
    dates: dict[str, dt.date | None] = {**dict.fromkeys(counts, FIRST), "r0": day(900)}
    made = panel(streams_of(counts), releases_of(dates), campaign("", 0, -1), no_playlists())
    assert made
    model = models.train(made, NOW.isoformat(), with_lightgbm=False)
    assert forecast.predict(model, made, NOW)["status"].unique().to_list() == ["predicted"]


def test_the_same_data_gives_the_same_model_and_other_data_another() -> None:
    made = label(calm())
    one, again = (models.train(made, NOW.isoformat(), with_lightgbm=False) for _ in range(2))
    assert one.text == again.text
    assert one.version == again.version
    other = label({**calm(), "r0": noisy(77, 260)})
    assert models.train(other, NOW.isoformat(), with_lightgbm=False).version != one.version
    assert one.facts["why_no_lightgbm"] == models.NOT_INSTALLED
    assert one.facts["candidates"] == [*candidates.CANDIDATES[:3]]


def test_a_prediction_is_scored_when_its_day_has_come() -> None:
    counts = calm()
    told = predicted(counts)
    later = {name: [*days, 400, None, 100] for name, days in counts.items()}
    scored = Scores.validate(scores(told, streams_of(later)))
    assert scored.height == 4 * 2
    first = scored.filter(pl.col("date") == day(260)).row(0, named=True)
    assert first["error"] == pytest.approx(400 - first["predicted"])
    assert first["naive_error"] == pytest.approx(400 - (counts["r0"][-1] or 0))
    assert scores(told, streams_of(counts)).is_empty()


def scored_days(errors: list[float], naive: float = 10.0) -> pl.DataFrame:
    rows = [
        {
            **{"release_id": "r", "predicted_from": FIRST, "date": day(number), "days_ahead": 1},
            **{"candidate": "mean_7", "predicted": 1.0, "streams": 1, "error": error},
            **{"naive_error": -naive, "is_inside": True, "model_version": "0" * 16},
        }
        for number, error in enumerate(errors)
    ]
    return pl.DataFrame(rows, schema=Scores.polars_schema())


@pytest.mark.parametrize(
    ("errors", "out_after"),
    [
        ([11.0] * (DAYS_WORSE - 1), None),
        ([11.0] * DAYS_WORSE, DAYS_WORSE - 1),
        ([-11.0] * DAYS_WORSE, DAYS_WORSE - 1),
        ([10.0] * 60, None),
        ([0.0] * 30 + [11.0] * 40, 55),
        ([30.0] * 28 + [0.0] * 60, 27),
    ],
    ids=("27 days", "28 days", "too much", "no worse", "later", "for good"),
)
def test_a_model_that_does_worse_than_naive_over_28_days_takes_itself_out(
    errors: list[float], out_after: int | None
) -> None:
    out = withdrawn(scored_days(errors))
    assert out == ({} if out_after is None else {"0" * 16: day(out_after)})


def test_naive_predicts_in_the_place_of_a_model_that_took_itself_out() -> None:
    told = predicted(calm(), is_withdrawn=True)
    assert told["candidate"].unique().to_list() == ["naive"]
    assert (told["predicted"] == told["naive"]).all()
