"""``sample-history``: the exports of the sandbox's listener, to try the imports on."""

import datetime as dt
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from pyarrow import parquet

from spotify_assets.commands.exit_codes import FAILED, STOPPED, USAGE, stop
from spotify_assets.commands.terminal import out, progress, show_table
from spotify_assets.sandbox import exports, listening
from spotify_assets.sandbox.catalog import generate
from spotify_assets.sandbox.listening import Listener
from spotify_assets.sandbox.repertoire import Repertoire

PLAYS = 100_000
"""Plays of a sample of which nothing else is said: five years or so."""


class Package(StrEnum):
    """Which of Spotify's packages."""

    extended = "extended"
    account = "account"
    both = "both"


def sample_history(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="Folder for the exports.")],
    plays: Annotated[
        int | None, typer.Option(min=1, help=f"The newest plays, as many as that; else {PLAYS:,}.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="First day (YYYY-MM-DD, UTC).")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DAY", help="Last day (YYYY-MM-DD, UTC); else yesterday.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Which listener.")] = 1,
    package: Annotated[Package, typer.Option(help="Which package.")] = Package.extended,
    zipped: Annotated[bool, typer.Option("--zip", help="Write ZIP files, not folders.")] = False,
    truth: Annotated[
        Path | None, typer.Option(help="Also write what really was played (Parquet file).")
    ] = None,
) -> None:
    """Write exports of an invented listener, as Spotify's "download your data" has them.

    The sandbox's recently-played endpoint tells of the same plays.
    """
    packages = [name for name in exports.FOLDERS if package in (name, Package.both)]
    try:
        for path in (*(_place(folder, name, zipped=zipped) for name in packages), truth):
            if path is not None and path.exists():
                raise ValueError(f"{path} is there already: delete it, or choose another place.")
        repertoire = _repertoire()
        listener, begin, end = _span(repertoire, plays, since, until, seed)
    except ValueError as error:
        stop(str(error), USAGE)
    try:
        with _Store(folder, packages, truth, zipped=zipped) as store:
            _write(store, listener, repertoire, begin, end)
    except OSError as error:
        stop(f"The exports cannot be written: {error}", FAILED)
    except KeyboardInterrupt:
        stop(f"Stopped. What is in {folder} is not whole: delete it.", STOPPED)
    show_table("", ["package", "files", "plays", "bytes"], store.totals)
    out.print(
        "The sandbox plays the same music while its state says "
        f'"listener": {listener.model_dump_json()}.',
        soft_wrap=True,
    )


@cache
def _repertoire() -> Repertoire:
    """What can be played: all of the sandbox's catalog, which is always the same."""
    return Repertoire.of(generate())


class _Store(ExitStack):
    """Where the exports are written, and the truth; it counts what it takes."""

    def __init__(
        self,
        folder: Path,
        packages: list[exports.PackageName],
        truth: Path | None,
        *,
        zipped: bool,
    ) -> None:
        super().__init__()
        self.packages = packages
        self._folder, self._truth, self._zipped = folder, truth, zipped
        self._archives: dict[str, zipfile.ZipFile] = {}
        self._parquet: parquet.ParquetWriter | None = None
        self._counts = {name: [0, 0, 0] for name in packages}

    @property
    def totals(self) -> list[list[str | int]]:
        """For each package its name, files, plays and bytes."""
        return [[name, *counts] for name, counts in self._counts.items()]

    def save(self, file: exports.ExportFile) -> None:
        """Write a file of an export."""
        body = file.json()
        if self._zipped:
            self._archive(file.package).writestr(zipfile.ZipInfo(file.name), body)
        else:
            path = self._folder / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        added = (1, len(file.rows), len(body))
        counts = self._counts[file.package]
        self._counts[file.package] = [a + b for a, b in zip(counts, added, strict=True)]

    def keep(self, plays: pl.DataFrame) -> pl.DataFrame:
        """Note what really was played, if that is wanted, and give it back."""
        if self._truth is not None:
            table = plays.to_arrow(compat_level=pl.CompatLevel.oldest())
            if self._parquet is None:
                self._truth.parent.mkdir(parents=True, exist_ok=True)
                writer = parquet.ParquetWriter(self._truth, table.schema, compression="zstd")
                self._parquet = self.enter_context(writer)
            self._parquet.write_table(table)
        return plays

    def _archive(self, package: exports.PackageName) -> zipfile.ZipFile:
        if package not in self._archives:
            path = _place(self._folder, package, zipped=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            archive = zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED, compresslevel=1)
            self._archives[package] = self.enter_context(archive)
        return self._archives[package]


def _write(
    store: _Store,
    listener: Listener,
    repertoire: Repertoire,
    begin: dt.datetime,
    end: dt.datetime,
) -> None:
    years = range(begin.year, (end - dt.timedelta(days=1)).year + 1)
    with progress(len(years)) as begin_step:

        def chunks() -> Iterator[pl.DataFrame]:
            for year in years:
                begin_step(str(year))
                first, after = dt.datetime(year, 1, 1), dt.datetime(year + 1, 1, 1)  # noqa: DTZ001
                span = (max(first, begin), min(after, end))
                for chunk in listening.history(listener, repertoire, *span):
                    yield store.keep(chunk)

        for file in exports.files(chunks(), store.packages, end):
            store.save(file)


def _span(
    repertoire: Repertoire, plays: int | None, since: str | None, until: str | None, seed: int
) -> tuple[Listener, dt.datetime, dt.datetime]:
    """Return who listens, since when, and until when (exclusive).

    Raises:
        ValueError: A day is none, or the words contradict each other.
    """
    if plays is not None and since is not None:
        raise ValueError("Say how many plays (--plays) or since when (--from), not both.")
    last = _midnight() - dt.timedelta(days=1) if until is None else _midnight(until)
    end = last + dt.timedelta(days=1)
    listener = Listener(seed=seed)
    if since is not None:
        begin = _midnight(since)
        if not listening.FIRST_DAY <= begin.date() <= last.date():
            raise ValueError(f"--from has to be from {listening.FIRST_DAY} to {last.date()}.")
        return listener, begin, end
    number = plays or PLAYS
    listener = listening.eager_enough(listener, end, number)
    return listener, listening.since_when(listener, repertoire, end, number), end


def _midnight(day: str | None = None) -> dt.datetime:
    """Return the beginning of a day (UTC, naive); if not given, of today.

    Raises:
        ValueError: It is no day.
    """
    try:
        date = dt.datetime.now(dt.UTC).date() if day is None else dt.date.fromisoformat(day)
    except ValueError:
        raise ValueError(f"{day!r} is no day: write it as 2026-11-20.") from None
    return dt.datetime.combine(date, dt.time())


def _place(folder: Path, package: exports.PackageName, *, zipped: bool) -> Path:
    return folder / f"{exports.FOLDERS[package]}{'.zip' if zipped else ''}"
