"""Bench ``predictions``: what is true of an invented label, and what is estimated from its files.

The estimators see files alone: each label is written, imported and derived as anybody's. Seeds 1
to 100 were looked at while the estimators were made; 201 to 300 were not, and were run once.
"""

import datetime as dt
import os
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import polars as pl
from rich.table import Table

from benchmarks.measuring import BenchmarkError
from benchmarks.reporting import caption, say, table, verdict
from benchmarks.scale import Scale
from spotify_assets.lake import Lake
from spotify_assets.learning.releases import boosting, candidates, evaluation, models
from spotify_assets.learning.releases.campaigns import CANNOT_TELL, campaign_lift
from spotify_assets.learning.releases.features import cases
from spotify_assets.learning.releases.panel import Floats, Panel
from spotify_assets.learning.releases.tables import label as panel_of
from spotify_assets.sandbox import label, label_files
from spotify_assets.schemas import Contract
from spotify_assets.schemas.releases import FactCampaignDaily
from spotify_assets.sources.release_files import find, import_files
from spotify_assets.transforms import releases
from spotify_assets.warehouse.publication import releases as downloads

UNTIL = dt.date(2026, 11, 20)
LOOKED_AT, HELD_OUT = range(1, 101), range(201, 301)
SMOKE = range(901, 903)
"""A smoke is run again and again: it must not look at those."""
HELD_BACK = 56
"""Days at the end that no model has seen: each is fitted before them, and scored on them once."""
BASELINES = candidates.CANDIDATES[:3]
Facts = dict[type[Contract], pl.DataFrame]


@dataclass
class Half:
    """What came of some labels."""

    inside: list[bool] = field(default_factory=list)
    claimed_of_nothing: list[bool] = field(default_factory=list)
    found: list[bool] = field(default_factory=list)
    """Of campaigns that did something, whether that was seen."""
    untold: int = 0
    widths: list[float] = field(default_factory=list)
    inside_interval: list[float] = field(default_factory=list)
    missed: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """By candidate, and of what was used: streams by which weeks were missed."""
    streams: float = 0
    no_worse: list[bool] = field(default_factory=list)
    cpu_s: float = 0

    def wape(self, name: str) -> float:
        """Weekly, over all labels."""
        return self.missed[name] / self.streams


def bench(scale: Scale, folder: Path) -> list[Table]:
    """Two hundred labels, in two halves."""
    if not boosting.is_there():
        raise BenchmarkError("LightGBM is not installed: make .venv/.installed-predict")
    halves = {
        "seeds looked at": SMOKE if scale.is_smoke else LOOKED_AT,
        "seeds held out": SMOKE if scale.is_smoke else HELD_OUT,
    }
    # Two at a time, each in a process of its own; Polars does not bear a fork.
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        folders = [folder / name for name in halves]
        done = dict(zip(halves, pool.map(_half, halves.values(), folders), strict=True))
    return [_lift(done), _forecasts(done)]


def _half(seeds: Sequence[int], folder: Path) -> Half:
    half = Half()
    begun = time.process_time()
    for number, seed in enumerate(seeds, 1):
        if number % 10 == 1:
            say(f"predictions: {folder.name}, {number}/{len(seeds)}")
        truth = label.releases(seed, UNTIL)
        facts = _facts(seed, truth, folder / str(seed))
        panel = panel_of(facts)
        assert panel  # noqa: S101 - it has streams
        _compare_lift(half, campaign_lift(panel, facts[FactCampaignDaily]), truth)
        _compare_forecasts(half, panel)
    half.cpu_s = time.process_time() - begun
    return half


def _facts(seed: int, truth: list[label.Release], folder: Path) -> Facts:
    """The tables of a label, by its files."""
    for file in label_files.files(seed, truth, UNTIL):
        path = folder / "files" / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.body)
        noon = dt.datetime.combine(file.downloaded, dt.time(12), dt.UTC).timestamp()
        os.utime(path, (noon, noon))
    lake = Lake(folder / "lake")
    import_files(find([folder / "files"]), lake, dt.datetime.now(dt.UTC))
    read = (downloads.read(lake.root / file) for file in downloads.Releases.there(lake)["file"])
    return dict(releases.derive(releases.File(*one) for one in read))


def _compare_lift(half: Half, told: pl.DataFrame, truth: list[label.Release]) -> None:
    lifts = {one.campaign.name: one.campaign.lift for one in truth if one.campaign}
    for one in told.iter_rows(named=True):
        lift = lifts[one["campaign"]]
        if one["verdict"] == CANNOT_TELL:
            half.untold += 1
            continue
        half.inside.append(one["lift_low"] <= lift <= one["lift_high"])
        half.widths.append(one["lift_high"] - one["lift_low"])
        (half.found if lift else half.claimed_of_nothing).append(one["verdict"] == "more")


def _compare_forecasts(half: Half, panel: Panel) -> None:
    """Train before the last eight weeks; predict at five origins in them, and compare."""
    cut = panel.days - 1 - HELD_BACK
    model = models.train(panel.until(panel.day(cut)), "", with_lightgbm=True)
    rows, origins = evaluation.origins(panel, np.arange(cut, panel.days - candidates.HORIZON, 7))
    truth = boosting.after(panel, rows, origins)
    said = dict(candidates.baselines(panel, rows, origins))
    if model.boosted:
        said[candidates.LIGHTGBM] = model.boosted.streams(cases(panel, rows, origins))
    scored = [
        (said[winner][:, ahead], model.scored(ahead, winner))
        for ahead, winner in enumerate(model.winners)
        if winner
    ]
    used = np.stack([streams for streams, _ in scored], axis=1)
    low, high = (np.array([getattr(one, end) for _, one in scored]) for end in ("low", "high"))
    is_known = np.isfinite(truth)
    ratio = (truth + 1) / (used + 1)
    half.inside_interval.append(float(((ratio >= low) & (ratio <= high))[is_known].mean()))
    missed = {
        name: float(np.abs(_weeks(np.where(is_known, streams - truth, 0))).sum())
        for name, streams in {**said, "used": used}.items()
    }
    for name, streams in missed.items():
        half.missed[name] += streams
    half.streams += float(np.nansum(truth))
    half.no_worse.append(missed["used"] <= min(missed[name] for name in BASELINES))


def _weeks(days: Floats) -> Floats:
    """Sums of the four weeks ahead."""
    sums: Floats = days.reshape(len(days), -1, 7).sum(axis=2)
    return sums


def _lift(done: dict[str, Half]) -> Table:
    halves = list(done.values())
    shown = table("Campaign lift: four campaigns a label, one of which did nothing", "", *done)
    told = [f"{len(half.inside)} of {len(half.inside) + half.untold}" for half in halves]
    shown.add_row("campaigns that could be told", *told)
    shown.add_row("true effect in the 90 % band", *(_share(half.inside) for half in halves))
    of_nothing = (_share(half.claimed_of_nothing) for half in halves)
    shown.add_row("an effect claimed where there is none", *of_nothing)
    shown.add_row("an effect of 30 to 80 % seen", *(_share(half.found) for half in halves))
    shown.add_row("width of the band (median)", *(f"{np.median(h.widths):.2f}" for h in halves))
    inside = min(float(np.mean(half.inside)) for half in halves)
    claimed = max(float(np.mean(half.claimed_of_nothing)) for half in halves)
    return caption(
        shown,
        [
            verdict("in the band", f"{inside:.1%}", "≥ 85 %", is_met=inside >= 0.85),
            verdict("claimed of nothing", f"{claimed:.1%}", "≤ 10 %", is_met=claimed <= 0.1),
        ],
    )


def _forecasts(done: dict[str, Half]) -> Table:
    halves = list(done.values())
    title = "Predictions of the last eight weeks, by models that had not seen them"
    shown = table(title, "", *done)
    covered = [float(np.mean(half.inside_interval)) for half in halves]
    shown.add_row("days in the 80 % interval", *(f"{one:.1%}" for one in covered))
    for name in ("used", *candidates.CANDIDATES):
        shown.add_row(f"weekly WAPE of {name}", *(f"{half.wape(name):.3f}" for half in halves))
    no_worse = (_share(half.no_worse) for half in halves)
    shown.add_row("labels no worse than their best baseline", *no_worse)
    shown.add_row("CPU, files and lift included", *(f"{half.cpu_s:.0f} s" for half in halves))
    margin = max(half.wape("used") / min(half.wape(name) for name in BASELINES) for half in halves)
    return caption(
        shown,
        [
            verdict(
                "in the interval",
                f"{min(covered):.1%} to {max(covered):.1%}",
                "75 to 85 %",
                is_met=min(covered) >= 0.75 and max(covered) <= 0.85,
            ),
            verdict("against the best baseline", f"× {margin:.2f}", "≤ × 1", is_met=margin <= 1),
        ],
    )


def _share(of: Sequence[bool]) -> str:
    return f"{np.mean(of):.0%}" if of else "none"
