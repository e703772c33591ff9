"""``python -m benchmarks [names…] [--runs N] [--small]``."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.table import Table

from benchmarks import (
    answers,
    backfill,
    comments,
    databases,
    demo,
    genre_day,
    growth,
    labellers,
    limits,
    listening,
    pages,
    predictions,
    processed,
    readers,
    rebuild,
    releases,
    sandbox,
)
from benchmarks.measuring import BenchmarkError, call
from benchmarks.reporting import machine, out, say
from benchmarks.scale import FULL, SMALL, Scale

Bench = Callable[[Scale, Path], list[Table]]
BENCHES: dict[str, Bench] = {
    "processed": processed.bench,
    "listening": listening.bench,
    "listening_large": listening.bench_large,
    "releases": releases.bench,
    "answers": answers.bench,
    "genre_day": genre_day.bench,
    "backfill": backfill.bench,
    "demo": demo.bench,
    "sandbox": sandbox.bench,
    "limits": limits.bench,
    "growth": growth.bench,
    "rebuild": rebuild.bench,
    "readers": readers.bench,
    "databases": databases.bench,
    "comments": comments.bench,
    "predictions": predictions.bench,
    "labellers": labellers.bench,
    "pages": pages.bench,
}
ONE_SIZE_ONLY = {"demo"}
"""Not part of the smoke, unless it is named: it takes half a minute."""
IF_NAMED_ONLY = {"listening_large", "predictions", "labellers", "pages"}
"""The one takes minutes and 8 GB of disk; the others minutes, and an extra each."""
IF_NAMED_OR_SMALL = {"growth", "rebuild", "readers", "databases", "comments"}
"""At full size these take minutes to half an hour, and up to 6 GB of disk."""


def main() -> int:
    """Run the benches that are named, or all; returns the exit code."""
    given = _arguments()
    scale = SMALL if given.small else FULL
    if given.runs:
        scale = scale.with_runs(given.runs)
    left_out = IF_NAMED_ONLY | (ONE_SIZE_ONLY if given.small else IF_NAMED_OR_SMALL)
    names = given.names or [name for name in BENCHES if name not in left_out]
    out.print(machine(), highlight=False, soft_wrap=True)
    if given.small:
        out.print("A smoke at 1/50 of the size, two benches at a time: the numbers say nothing.")
    # In TMPDIR; the full size takes 2 GB.
    with (
        tempfile.TemporaryDirectory(prefix="spotify-assets-bench-") as folder,
        ThreadPoolExecutor(2 if given.small else 1) as pool,
    ):
        _compile_modules(Path(folder, "bytecode"))
        folders = [Path(folder, name) for name in names]
        for each in folders:
            each.mkdir()
        outcomes = pool.map(lambda name, where: BENCHES[name](scale, where), names, folders)
        try:
            for tables in outcomes:
                for shown in tables:
                    out.print()
                    out.print(shown)
        except BenchmarkError as error:
            pool.shutdown(cancel_futures=True)
            out.print(str(error), markup=False, style="red")
            return 1
    return 0


def _compile_modules(folder: Path) -> None:
    """Let Python have compiled what it imports, as on a machine where the project ran before.

    In a folder of its own, so that neither the environment nor earlier runs decide.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder)
    say("compiling what is imported")
    call("imports")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of: {', '.join(BENCHES)}")
    parser.add_argument("--runs", type=int, help="how often each thing is measured (else 3)")
    parser.add_argument("--small", action="store_true", help="a smoke at 1/50 of the size")
    given = parser.parse_args()
    if unknown := set(given.names) - set(BENCHES):
        parser.error(f"there is no bench {', '.join(sorted(unknown))}")
    if given.runs is not None and given.runs < 1:
        parser.error("--runs must be at least 1")
    return given


if __name__ == "__main__":
    sys.exit(main())
