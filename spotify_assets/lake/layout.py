"""Where a partition lies, and what names it may have.

A lake is a folder. Or it is on an object store: then the folder is a cache of what this machine has
read and written of it, and can be removed whenever nothing runs.
"""

import contextlib
import datetime as dt
import glob
import shutil
import time
import unicodedata
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, total_ordering
from pathlib import Path
from urllib.parse import quote, unquote

from spotify_assets.lake.errors import LakeError, writing
from spotify_assets.lake.log import Log
from spotify_assets.lake.migration import (
    OTHER_FORM,
    import_folder,
    keep_earlier_versions_out,
    source_of,
)
from spotify_assets.lake.store import AlreadyThere, Remote, at_once, open_store

RAW_CATALOG = "raw.catalog"
ROWS_FILE = "rows.parquet"
SOURCE = "source.txt"
DAY_FOLDER, MONTH_FOLDER = "date=", "month="
SCRATCH_SECONDS = 24 * 3600
CACHED_SECONDS = 8 * SCRATCH_SECONDS
"""A run shows the week before its day."""
# 255 bytes is the longest file name of the common file systems; "genre=" takes 6 of them.
MAX_GENRE_BYTES = 240
# `|` separates the dimensions of a Dagster partition key, `...` its ranges.
FORBIDDEN_IN_GENRE = ("|", "...")


def normalise_genre(text: str) -> str:
    """One spelling for a genre: NFC, case-folded, single spaces.

    Raises:
        ValueError: The genre is empty, too long, or holds what a partition key cannot.
    """
    # Folding takes some letters apart, so composing comes before it and after it.
    folded = unicodedata.normalize("NFC", text).casefold()
    genre = " ".join(unicodedata.normalize("NFC", folded).split())
    if not genre:
        raise ValueError("A genre needs a name; this one is empty.")
    for forbidden in FORBIDDEN_IN_GENRE:
        if forbidden in genre:
            raise ValueError(f"Genre {text!r} holds {forbidden!r}, which a partition key cannot.")
    if any(_is_unseen(character) for character in genre):
        raise ValueError(f"Genre {text!r} holds a control character, or one that nobody sees.")
    if len(quote(genre, safe="")) > MAX_GENRE_BYTES:
        raise ValueError(f"Genre {text!r} is too long for the name of a folder.")
    return genre


def _is_unseen(character: str) -> bool:
    # The two are the joiners that scripts and emoji need.
    is_joiner = character in ("\u200c", "\u200d")
    return unicodedata.category(character) in ("Cc", "Cf", "Cs") and not is_joiner


def genre_folder(genre: str) -> str:
    """``genre=<g>``, percent-encoded."""
    return f"genre={quote(genre, safe='')}"


@total_ordering
@dataclass(frozen=True)
class GenreDay:
    """A partition of the catalog: one genre on one day (UTC)."""

    genre: str
    date: dt.date

    def __lt__(self, other: "GenreDay") -> bool:
        """By day, then by genre."""
        return (self.date, self.genre) < (other.date, other.genre)

    def __str__(self) -> str:
        """``genre on date``, for messages."""
        return f"{self.genre} on {self.date}"

    @property
    def folder(self) -> Path:
        """``genre=<g>/date=<d>``; the genre is percent-encoded, so that any name is one folder."""
        return Path(genre_folder(self.genre)) / f"{DAY_FOLDER}{self.date}"

    @classmethod
    def from_folder(cls, folder: Path) -> "GenreDay":
        """The partition that lies in ``…/genre=<g>/date=<d>``."""
        genre, date = folder.parent.name, folder.name
        return cls(
            unquote(genre.removeprefix("genre=")),
            dt.date.fromisoformat(date.removeprefix(DAY_FOLDER)),
        )


@lru_cache(maxsize=4)
def _log_at(root: Path, url: str) -> Log:
    # One a process: it remembers what it has read.
    log = Log(open_store(url or root))
    if not url:
        import_folder(root, log)
    return log


@dataclass(frozen=True)
class Lake:
    """All layers under one folder: ``<root>/<layer>/<table>/genre=<g>/date=<d>/``.

    Of tables the log says which files count (`lake.tables`).
    """

    root: Path
    url: str = ""
    """Of the object store that it is on; ``root`` is a cache then."""

    def __str__(self) -> str:
        """For messages."""
        return self.url or str(self.root)

    def partition(self, table: str, genre_day: GenreDay) -> Path:
        """The folder of one partition of ``layer.table``."""
        return self._table(table) / genre_day.folder

    @property
    def log(self) -> Log:
        """What says which files hold which days; a folder of an earlier version is imported."""
        return _log_at(self.root, self.url)

    @property
    def remote(self) -> Remote | None:
        """The object store that it is on; ``None``: it is in its folder."""
        store = self.log.store if self.url else None
        return store if isinstance(store, Remote) else None

    def path(self, key: str) -> Path:
        """Where an object of the lake lies on this machine, or would."""
        return self.root / key

    def uri(self, key: str) -> str:
        """Where an object of the lake lies, for other programs."""
        return f"{self.url}/{key}" if self.url else self.path(key).absolute().as_uri()

    def fetched(self, keys: Iterable[str]) -> list[Path]:
        """Objects that are written once, on this machine. One that is not there has no file.

        Raises:
            LakeError: The store fails, or the cache cannot be written.
        """
        listed = list(keys)
        missing = [key for key in listed if self.remote and not self.path(key).exists()]
        at_once(self._fetch, missing)
        return [self.path(key) for key in listed]

    def _fetch(self, key: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.cache(key, self.log.store.get(key))

    def cache(self, key: str, data: bytes) -> Path:
        """Keep on this machine what an object holds.

        Raises:
            LakeError: The cache cannot be written.
        """
        target = self.path(key)
        with writing(target, "what was read from the store"):
            target.parent.mkdir(parents=True, exist_ok=True)
            # By a rename: a half of it would be taken for the whole.
            with self.temporary(target.suffix) as temporary:
                temporary.write_bytes(data)
                temporary.replace(target)
        return target

    def drop_cached(self, genre_day: GenreDay) -> None:
        """Delete what this machine has read from the store of a genre-day that is no more there."""
        month = f"{MONTH_FOLDER}{genre_day.date:%Y-%m}"
        for folder in (genre_day.folder, genre_day.folder.with_name(month)) if self.url else ():
            # The others of its month are fetched again where somebody asks for them.
            for cached in self.root.glob(f"*/*/{glob.escape(str(folder))}"):
                shutil.rmtree(cached, ignore_errors=True)

    def relative(self, path: Path) -> str:
        """``path`` as the lake's tables name it: relative to the root, with slashes."""
        return path.relative_to(self.root).as_posix()

    @property
    def scratch(self) -> Path:
        """Where files are written before they are renamed into place; on the same disk."""
        folder = self.root / ".writing"
        with writing(folder, "a temporary file"):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextmanager
    def temporary(self, suffix: str) -> Iterator[Path]:
        """A new name in `scratch`; what was not renamed into place is gone afterwards.

        It is nobody else's. A process id would not do: two containers on one data folder share it.
        """
        path = self.scratch / f"{uuid.uuid4().hex}{suffix}"
        try:
            yield path
        finally:
            if path.exists():
                path.unlink()

    def claim(self, source: str) -> None:
        """Bind the lake to one source, so that generated and real music never mix.

        Raises:
            LakeError: The lake holds what another source answered.
        """
        if not self.path(SOURCE).exists():
            with contextlib.suppress(AlreadyThere):
                self.log.store.create(SOURCE, f"{source}{OTHER_FORM}\n".encode())
                self._check_that_a_key_is_created_once()
                if not self.url:
                    keep_earlier_versions_out(self.root)
        if (other := self.source) != source:
            raise LakeError(
                f"The lake {self} holds data of the {other}, and this run would add data of the "
                f"{source}. {self._elsewhere}"
            )

    @property
    def source(self) -> str:
        """What the lake is claimed for; nothing where no run has claimed it yet.

        Raises:
            LakeError: The store fails.
        """
        [stamp] = self.fetched([SOURCE])
        return source_of(stamp)

    @property
    def _elsewhere(self) -> str:
        if self.url:
            return "Set SPOTIFY_LAKE_URL to another prefix, or delete this one to begin again."
        return (
            f"Set SPOTIFY_ASSETS_DATA_DIR to another folder, or delete {self.root.parent} to begin "
            "again."
        )

    def _check_that_a_key_is_created_once(self) -> None:
        with contextlib.suppress(AlreadyThere):
            self.log.store.create(SOURCE, b"")
            self.log.store.delete([SOURCE])
            raise LakeError(
                f"{self} cannot hold a lake: its store overwrites a key that is there, so that two "
                "machines would overwrite each other. Take a newer version of it, or another store."
            )

    def sweep(self) -> None:
        """Remove what killed runs left half written, and what was read from a store long ago.

        A run is done with a file sooner.
        """
        cached = self.root.glob("*/*/genre=*/*/*") if self.url else ()
        kept = ((self.scratch.iterdir(), SCRATCH_SECONDS), (cached, CACHED_SECONDS))
        for files, seconds in kept:
            for leftover in files:
                # Another run may rename its file into place just now.
                with contextlib.suppress(FileNotFoundError):
                    if leftover.stat().st_mtime < time.time() - seconds:
                        leftover.unlink()

    def _table(self, table: str) -> Path:
        layer, _, name = table.partition(".")
        return self.root / layer / name
