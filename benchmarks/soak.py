"""Soak: a process that collects is killed again and again, beside an API that misbehaves.

``python -m benchmarks.soak [--kills N] [--seed N] [--on-s3]`` ends with 1 where a request was sent
twice though its answer was kept, a response was lost, or what came out is not what comes out
undisturbed.
"""

import argparse
import datetime as dt
import random
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import requests
from rich.table import Table

from benchmarks import collecting, kills
from benchmarks.accounts import NONE, Accounts, accounts
from benchmarks.collecting import GAVE_UP, Task
from benchmarks.fewest import fewest
from benchmarks.measuring import BenchmarkError
from benchmarks.reporting import caption, out, say, table, verdict
from benchmarks.s3 import bucket_of_moto
from benchmarks.witness import Witness, answers, half_sealed, sealed_of, write_tables
from spotify_assets.lake import GenreDay
from spotify_assets.lake.journal import CollectionParameters
from spotify_assets.sandbox import api, catalog, server
from spotify_assets.sandbox.behaviour import Fault
from spotify_assets.sandbox.catalog import Catalog
from spotify_assets.sandbox.log import Log
from spotify_assets.sandbox.modes import MODES, ModeName
from spotify_assets.sources.spotify_api.budget import Limits

TRACKS = 20_000
GENRES = ("rock", "sertanejo", "hip hop", "pop", "forró")
FIRST_DAY = dt.date(2026, 1, 1)
TERMS: dict[ModeName, CollectionParameters] = {
    "extended": CollectionParameters("sandbox", "BR", 20, 200),
    "development": CollectionParameters("sandbox", "BR", 20, 60),
}
"""Six or seven requests a genre-day."""
# A 429 by chance says nothing of the rate: what it teaches is forgotten at once.
LIMITS = Limits(None, per_day_in_development=None, learned_for_seconds=0)
SHARES: dict[Fault, float] = {
    "reset": 0.03,
    "500": 0.01,
    "502": 0.01,
    "503": 0.01,
    "too_many": 0.01,
    "expired_token": 0.02,
    "slow": 0.05,
    "cut_body": 0.03,
    "cut_json": 0.02,
    "empty_body": 0.02,
}
SLOW_S = 0.1
SAID_EVERY = 25
# So that the work is not done before the last kill.
CAUTION = 0.6


@dataclass
class Soaked:
    """What came of one mode."""

    mode: ModeName
    genre_days: int
    wanted_kills: int
    fewest: int
    kills: int = 0
    sealing: int = 0
    """Kills that left a sealed file half written, or beside its journal."""
    gave_up: int = 0
    """Processes that ended by themselves, because of faults."""
    unfinished: int = 0
    lost: int = 0
    same_answers: bool = False
    tables: int = 0
    different_tables: int = 0
    seconds: float = 0
    accounts: Accounts = NONE


def main() -> int:
    """Soak each mode; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="in all; half in each mode")
    parser.add_argument("--seed", type=int, default=1, help="of the kills and the faults")
    parser.add_argument("--on-s3", action="store_true", help="the lake on an S3 of this machine")
    given = parser.parse_args()
    music = catalog.generate(seed=1, tracks=TRACKS)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="spotify-assets-soak-"))
        bucket = stack.enter_context(bucket_of_moto()) if given.on_s3 else ""
        try:
            soaked = [
                soak(music, mode, given.kills // 2, given.seed, Path(folder, mode), bucket)
                for mode in MODES
            ]
        except BenchmarkError as error:
            out.print(str(error), markup=False, style="red")
            return 1
    lines, holds = _verdicts(soaked)
    out.print(caption(_table(soaked), lines))
    return 0 if holds else 1


def soak(
    music: Catalog, mode: ModeName, wanted: int, seed: int, folder: Path, bucket: str = ""
) -> Soaked:
    """Collect undisturbed, then the same with kills and faults, and hold it against that.

    Args:
        music: What the sandbox answers with.
        mode: The mode of the app.
        wanted: How many kills.
        seed: Of the kills and the faults.
        folder: An empty one; undisturbed it is always collected in there.
        bucket: The URL of a store; else the lake with the kills is in the folder too.
    """
    # A day of its own for each, so that no two ask the same question.
    days = [
        GenreDay(GENRES[number % len(GENRES)], FIRST_DAY + dt.timedelta(days=number))
        for number in range(max(wanted, len(GENRES)))
    ]
    terms = TERMS[mode]
    least = sum(fewest(music, mode, one, terms.artists, terms.tracks).requests for one in days)
    soaked = Soaked(mode, len(days), wanted, least)
    application = api.create_app(music, mode=mode)
    log: Log = application.state.log
    with server.running(application) as sandbox:
        undisturbed = Task(sandbox.url, folder / "undisturbed", terms, days, LIMITS)
        collecting.run(undisturbed)
        faults = {"seed": seed, "shares": SHARES, "slow_s": SLOW_S}
        requests.patch(f"{sandbox.url}/sandbox/state", json=faults, timeout=10).raise_for_status()
        url = f"{bucket}/{mode}" if bucket else ""
        task = Task(sandbox.url, folder / "soaked", terms, days, LIMITS, url)
        before, begun = len(log), time.perf_counter()
        witness = _collect_with_kills(task, soaked, log, random.Random(f"{seed} {mode}"))  # noqa: S311
        soaked.seconds = time.perf_counter() - begun
        entries = log.since(before)
    sealed, fellows = sealed_of(task.lake, days), sealed_of(undisturbed.lake, days)
    soaked.unfinished, soaked.lost = witness.unfinished, witness.lost
    soaked.accounts = accounts(entries, task.ledger, sealed, witness.answered_after)
    soaked.same_answers = [answers(one) for one in sealed] == [answers(one) for one in fellows]
    ours, theirs = write_tables(task.lake, sealed), write_tables(undisturbed.lake, fellows)
    soaked.tables = len(theirs)
    soaked.different_tables = sum(ours.get(path) != theirs[path] for path in theirs)
    return soaked


def _collect_with_kills(task: Task, soaked: Soaked, log: Log, luck: random.Random) -> Witness:
    """Begin again after each kill, until all is collected."""
    witness = Witness(task.lake, task.genre_days)
    scratch, half = task.lake.scratch, set[GenreDay]()
    while True:
        left = soaked.wanted_kills - soaked.kills
        calls = CAUTION * (soaked.fewest - len(witness.answered_after)) / max(left, 1)
        moment = kills.any_moment(luck, log, scratch, calls) if left else None
        begun = kills.half_written(scratch)
        ended = kills.run(task.command(), moment)
        half, before = half_sealed(task.lake, task.genre_days), half
        soaked.sealing += not (kills.half_written(scratch) <= begun and half <= before)
        witness.look(len(log))
        if ended.code == kills.KILLED:
            soaked.kills += 1
            if soaked.kills % SAID_EVERY == 0:
                say(f"soak: {soaked.mode} mode, {soaked.kills}/{soaked.wanted_kills} kills")
        elif ended.code == GAVE_UP:
            soaked.gave_up += 1
        elif ended.code:
            raise BenchmarkError(f"Collecting ended with {ended.code}:\n{ended.errors}")
        else:
            witness.look(len(log), at_all=True)
            return witness


def _table(soaked: list[Soaked]) -> Table:
    shown = table(
        f"soak: collecting with {sum(one.kills for one in soaked)} kills, and faults",
        "",
        *(f"{one.mode}, {one.genre_days} genre-days" for one in soaked),
    )
    columns = [_figures(one) for one in soaked]
    for name in columns[0]:
        shown.add_row(name, *(str(column[name]) for column in columns))
    return shown


def _figures(one: Soaked) -> dict[str, object]:
    """What is shown of a mode."""
    settled = one.accounts
    return {
        "kills": one.kills,
        "  that left a file half sealed": one.sealing,
        "  that left a call without an outcome": settled.without_outcome,
        "  of these, never sent": settled.never_sent,
        "ended by themselves, because of faults": one.gave_up,
        "requests sent": settled.requests,
        "  answers that are kept": settled.good,
        "  fewest possible": one.fewest,
        "  refusals that taught the mode": settled.taught,
        "  failed by a fault, and kept": settled.failed,
        "  broken off by a fault": settled.broken,
        "  cut off by a kill before they were kept": settled.cut_off,
        "requests for tokens": settled.tokens,
        **{f"fault {name}": settled.faults.get(name, 0) for name in SHARES},
        "repeated after the answer was kept": settled.repeated,
        "responses lost": one.lost,
        "calls in the log that the ledger lacks": settled.unknown,
        "calls or responses of ours that the log lacks": settled.invented,
        "genre-days unfinished": one.unfinished,
        "answers identical to those undisturbed": "yes" if one.same_answers else "no",
        "Parquet files that differ": f"{one.different_tables} of {one.tables}",
        "seconds": f"{one.seconds:.0f}",
    }


def _verdicts(soaked: list[Soaked]) -> tuple[list[str], bool]:
    """A line for each thing that must hold, and whether all do."""
    wrong: dict[str, Callable[[Soaked], int]] = {
        "kills that did not happen": lambda one: one.wanted_kills - one.kills,
        "repeated after the answer was kept": lambda one: one.accounts.repeated,
        "responses lost": lambda one: one.lost,
        "calls that log and ledger do not agree on": lambda one: (
            one.accounts.unknown + one.accounts.invented
        ),
        "cut off or without outcome, more than kills": lambda one: max(
            one.accounts.cut_off - one.kills, one.accounts.without_outcome - one.kills, 0
        ),
        "answers more or less than the fewest": lambda one: abs(one.accounts.good - one.fewest),
        "genre-days unfinished or with other answers": lambda one: (
            one.unfinished + (not one.same_answers)
        ),
        "Parquet files that differ": lambda one: one.different_tables,
    }
    found = {what: sum(count(one) for one in soaked) for what, count in wrong.items()}
    lines = [verdict(what, str(n), "0", is_met=n == 0) for what, n in found.items()]
    return lines, not any(found.values())


if __name__ == "__main__":
    sys.exit(main())
