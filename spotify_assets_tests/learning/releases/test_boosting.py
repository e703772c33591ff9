"""LightGBM as a candidate: it looks at nothing to come, explains itself, and repeats itself."""

import datetime as dt
import json
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from spotify_assets.learning.releases import evaluation, forecast, models, tables
from spotify_assets.learning.releases.boosting import Boosted, CannotBeLoaded
from spotify_assets.learning.releases.features import NAMES, cases
from spotify_assets.learning.releases.panel import Panel
from spotify_assets_tests.learning.releases.labels import campaign, noisy, panel_of, sample

pytest.importorskip("lightgbm", reason="the extra `predict` is not installed")
NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def panel() -> Panel:
    made = tables.label(sample(2, dt.date(2026, 11, 20)))
    assert made
    return made


@pytest.fixture(scope="module")
def model(panel: Panel) -> models.Model:
    return models.train(panel, NOW.isoformat(), with_lightgbm=True)


def test_what_comes_after_an_origin_is_in_no_feature(panel: Panel) -> None:
    rows, of = evaluation.origins(panel, np.array([500]))
    known = panel.until(panel.day(500))
    first, second = cases(panel, rows, of).features, cases(known, rows, of).features
    assert np.array_equal(first, second, equal_nan=True)
    assert first.shape == (len(rows), 28, len(NAMES))


def test_it_wins_on_the_label_of_the_sandbox_and_repeats_itself_byte_for_byte(
    panel: Panel, model: models.Model
) -> None:
    assert model.winners.count("lightgbm") > 14
    assert model.booster
    fitted = evaluation.fit(panel)
    assert fitted
    assert fitted.text == model.booster
    assert Boosted.of(model.booster).text == model.booster


def test_what_features_contribute_adds_up_to_the_prediction(
    panel: Panel, model: models.Model
) -> None:
    told = forecast.predict(model, panel, NOW).filter(pl.col("candidate") == "lightgbm")
    assert told.height
    for one in told.head(50).iter_rows(named=True):
        parts = json.loads(one["contributions"])
        assert set(parts) == {*NAMES, "base"}
        row = panel.release_ids.index(one["release_id"])
        column = panel.column(one["predicted_from"])
        level = np.log1p(np.nanmean(panel.streams[row, column - 6 : column + 1]))
        said = np.expm1(level + sum(parts.values()))
        # Each part is rounded to four digits.
        assert one["predicted"] == pytest.approx(said, rel=0.002)


def test_a_label_that_is_too_small_for_it_is_predicted_without_it() -> None:
    made = panel_of({f"r{n}": noisy(n, 100) for n in range(2)}, campaign("r0", 50, 60))
    assert made
    trained = models.train(made, NOW.isoformat(), with_lightgbm=True)
    assert trained.facts["why_no_lightgbm"] == models.TOO_LITTLE
    assert trained.booster is None


def test_without_a_library_of_the_system_it_says_which(
    panel: Panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lightgbm.py").write_text(
        "raise OSError('libgomp.so.1: cannot open shared object file')", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "lightgbm")
    with pytest.raises(CannotBeLoaded, match="libgomp1"):
        evaluation.fit(panel)
