"""Where a partition lies, and what names it may have."""

import contextlib
import datetime as dt
import time
import unicodedata
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, total_ordering
from pathlib import Path
from urllib.parse import quote, unquote

from spotify_assets.lake.errors import LakeError, writing
from spotify_assets.lake.log import Log
from spotify_assets.lake.migration import OTHER_FORM, import_folder, keep_earlier_versions_out
from spotify_assets.lake.store import Folder

RAW_CATALOG = "raw.catalog"
ROWS_FILE = "rows.parquet"
DAY_FOLDER, MONTH_FOLDER = "date=", "month="
SCRATCH_SECONDS = 24 * 3600
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
def _log_at(root: Path) -> Log:
    # One a process: it remembers what it has read.
    log = Log(Folder(root))
    import_folder(root, log)
    return log


@dataclass(frozen=True)
class Lake:
    """All layers under one folder: ``<root>/<layer>/<table>/genre=<g>/date=<d>/``.

    Of tables the log says which files count (`lake.tables`).
    """

    root: Path

    def partition(self, table: str, genre_day: GenreDay) -> Path:
        """The folder of one partition of ``layer.table``."""
        return self._table(table) / genre_day.folder

    @property
    def log(self) -> Log:
        """What says which files hold which days; a folder of an earlier version is imported."""
        return _log_at(self.root)

    def path(self, key: str) -> Path:
        """Where an object of the lake lies on this machine."""
        return self.root / key

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
        stamp = self.root / "source.txt"
        if stamp.exists():
            held = stamp.read_text(encoding="utf-8").partition(",")[0].strip()
            if held != source:
                raise LakeError(
                    f"The lake {self.root} holds data of the {held}, and this run would add data "
                    f"of the {source}. Set SPOTIFY_ASSETS_DATA_DIR to another folder, or delete "
                    f"{self.root.parent} to begin again."
                )
            return
        # By a rename: an empty stamp would be of no source, and refuse every one.
        with writing(stamp, "the source of the lake"), self.temporary(".txt") as temporary:
            temporary.write_text(f"{source}{OTHER_FORM}\n", encoding="utf-8")
            temporary.replace(stamp)
        keep_earlier_versions_out(self.root)

    def sweep(self) -> None:
        """Remove what killed runs left half written; a run is done with a file sooner."""
        oldest = time.time() - SCRATCH_SECONDS
        for leftover in self.scratch.iterdir():
            # Another run may rename its file into place just now.
            with contextlib.suppress(FileNotFoundError):
                if leftover.stat().st_mtime < oldest:
                    leftover.unlink()

    def _table(self, table: str) -> Path:
        layer, _, name = table.partition(".")
        return self.root / layer / name
