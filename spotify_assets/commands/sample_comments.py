"""``sample-comments``: comments of invented listeners, to try the labelling on."""

import csv
import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from spotify_assets.commands.exit_codes import FAILED, STOPPED, USAGE, stop
from spotify_assets.commands.terminal import show_table
from spotify_assets.sandbox import comments

SIZE = 10_000


def sample_comments(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder for the files.")],
    size: Annotated[int, typer.Option("--comments", min=1, max=1_000_000, help="How many.")] = SIZE,
    until: Annotated[
        str | None, typer.Option(metavar="DAY", help="Last day (YYYY-MM-DD); else yesterday.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Which listeners.")] = 1,
    truth: Annotated[
        Path | None, typer.Option(help="Also write what each comment is (CSV file).")
    ] = None,
) -> None:
    """Write comments of invented listeners, in Portuguese, English and Spanish.

    A CSV, a JSON and an NDJSON file, as downloads have them: some rows twice, two that are none.
    The same seed, last day and number give the same bytes.
    """
    try:
        yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
        last = yesterday if until is None else dt.date.fromisoformat(until)
    except ValueError:
        stop(f"{until!r} is no day: write it as 2026-11-20.", USAGE)
    for path in (folder, truth):
        if path is not None and path.exists():
            stop(f"{path} is there already: delete it, or choose another place.", USAGE)
    try:
        made = write(folder, seed, last, size)
        if truth is not None:
            _write_truth(truth, made)
    except OSError as error:
        stop(f"The files cannot be written: {error}", FAILED)
    except KeyboardInterrupt:
        stop(f"Stopped. What is in {folder} is not whole: delete it.", STOPPED)
    counts = Counter((one.category, one.language) for one in made)
    rows = [
        [category, *(counts[category, one] for one in comments.LANGUAGES)]
        for category in comments.CATEGORIES
    ]
    show_table("Comments", ["category", *comments.LANGUAGES], rows)


def write(folder: Path, seed: int, last: dt.date, size: int) -> list[comments.Comment]:
    """Write the files; returns what is in them.

    Raises:
        OSError: They cannot be written.
    """
    made = comments.comments(seed, last, size)
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in comments.files(seed, made):
        (folder / name).write_bytes(body)
    return made


def _write_truth(path: Path, made: list[comments.Comment]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "category", "language"])
        writer.writerows([one.text, one.category, one.language] for one in made)
