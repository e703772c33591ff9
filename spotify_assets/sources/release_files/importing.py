"""Files into the lake: each once, with its bytes as they came.

Belongs here: finding files, and putting what was read into place. Does not belong here: reading.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from importlib import resources
from pathlib import Path
from threading import Lock
from typing import Any

import zstandard

from spotify_assets.lake import Lake
from spotify_assets.lake.history import FACTS_FILE, bring_up_to_date, making, place
from spotify_assets.lake.layout import ROWS_FILE
from spotify_assets.lake.release_files import BODY_FILE, BROKEN_FILE, file_folder
from spotify_assets.sources.account_export.packages import package_named
from spotify_assets.sources.release_files import declared, reading
from spotify_assets.sources.release_files.kinds import Kind

ENDINGS = (".csv", ".tsv", ".toml")
"""Of files that are looked at; what they are, their content says."""
DECLARED = "declared"
"""The kind of ``releases.toml``."""
AT_ONCE = 4
"""Files that are read at a time: they wait for the disk more than for a processor."""
LARGE_BYTES = 8 * 1024 * 1024
"""Files from this size on are read one at a time: reading takes twenty times their size."""


@dataclass
class Imported:
    """What an import did."""

    file_ids: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    """Those that were not there before."""
    received: int = 0
    broken: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Files of which nothing could be read, and why."""

    def add(self, file: Path, found: "_File | str") -> None:
        """What came of one more file."""
        if isinstance(found, str):
            self.refused.append((file.name, found))
            return
        if found.is_new and found.file_id not in self.file_ids:
            self.new.append(found.file_id)
        self.file_ids.append(found.file_id)
        self.received += found.received
        self.broken += found.broken


def find(paths: Iterable[Path]) -> list[Path]:
    """Files that may be of these kinds, in folders to any depth and by themselves."""
    found: list[Path] = []
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        found += [one for one in files if one.suffix.lower() in ENDINGS and _is_ours(one)]
    return list(dict.fromkeys(found))


def _is_ours(file: Path) -> bool:
    # A listening history that somebody saved as CSV is for `account_export` to refuse.
    return file.is_file() and package_named(file.name) is None


def version(own: Sequence[Kind] = ()) -> str:
    """The same for the same rows from the same bytes, read by these formats of the label's own."""
    package = resources.files(__package__)
    texts = [package.joinpath(f"{name}.py").read_text(encoding="utf-8") for name in _READERS]
    texts += [repr(kind) for kind in own]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:8]


_READERS = ("cells", "declared", "kinds", "reading", "values")


def import_files(files: Sequence[Path], lake: Lake, now: dt.datetime) -> Imported:
    """Read files, some at a time; one that was imported before is left as it is.

    Args:
        files: As `find` has them.
        lake: Where they go.
        now: When that is (UTC).

    Raises:
        LakeError: The lake cannot be written; files that were read before stay imported.
    """
    bring_up_to_date(lake)
    done = Imported()
    # What the label declares says how others are read.
    for is_declared in (True, False):
        own = [] if is_declared else _declared_before(lake)
        read_one = partial(
            _read_or_refuse, lake=lake, now=now, reader=version(own), own=own, one_large=Lock()
        )
        some = [file for file in files if _is_declaration(file) == is_declared]
        pool = ThreadPoolExecutor(AT_ONCE, "import")
        try:
            for file, found in zip(some, pool.map(read_one, some), strict=True):
                done.add(file, found)
        finally:
            pool.shutdown(cancel_futures=True)
    return done


def imported_before(files: Iterable[Path], lake: Lake) -> list[str] | None:
    """The ids of files, where an import of them would change nothing.

    Their bytes are read, and no row. ``None`` where it would change or refuse anything.
    """
    ids = []
    of_declarations, of_others = version(), version(_declared_before(lake))
    for file in files:
        try:
            body, saved = file.read_bytes(), _saved(file)
        except OSError:
            return None
        file_id = file_id_of(file.name, body)
        is_declared = _is_declaration(file)
        if not _is_held(lake, file_id, of_declarations if is_declared else of_others, saved):
            return None
        ids.append(file_id)
    return ids


def _saved(file: Path) -> str:
    return dt.datetime.fromtimestamp(file.stat().st_mtime, dt.UTC).isoformat()


def _is_held(lake: Lake, file_id: str, reader: str, saved: str) -> bool:
    """Whether a file is in the lake as this reader would put it there.

    A declaration that was saved again is the newest from then on.
    """
    held = _read(file_folder(lake, file_id) / FACTS_FILE)
    if held.get("reader") != reader:
        return False
    return bool(held["kind"] != DECLARED or held["downloaded_at"] >= saved)


def _is_declaration(file: Path) -> bool:
    return file.suffix.lower() == ".toml"


@dataclass(frozen=True)
class _File:
    """What came of one file."""

    file_id: str
    is_new: bool
    received: int = 0
    broken: int = 0


def _read_or_refuse(
    file: Path,
    lake: Lake,
    now: dt.datetime,
    reader: str,
    own: Sequence[Kind],
    one_large: Lock,
) -> _File | str:
    """Import a file; a text says why nothing of it can be read."""
    try:
        size = file.stat().st_size
        if size > reading.MAX_BYTES:
            return reading.TOO_LARGE
        with one_large if size > LARGE_BYTES else nullcontext():
            return _read_one(file, lake, now, reader, own)
    except reading.Refused as error:
        return str(error)
    except OSError as error:
        return f"It cannot be read: {error.strerror or error}."


def _read_one(file: Path, lake: Lake, now: dt.datetime, reader: str, own: Sequence[Kind]) -> _File:
    """Import a file.

    Raises:
        Refused: Nothing of it can be read.
    """
    body, saved = file.read_bytes(), _saved(file)
    file_id = file_id_of(file.name, body)
    if _is_held(lake, file_id, reader, saved):
        return _File(file_id, is_new=False)
    facts: dict[str, Any] = {"file_name": file.name, "reader": reader, "bytes": len(body)}
    facts |= {"downloaded_at": saved, "imported_at": now.isoformat()}
    if _is_declaration(file):
        facts |= {"kind": DECLARED, "declared": vars(declared.read(body))}
        return _File(file_id, _put(lake, file_id, body, facts))
    read = reading.read(body, now.date(), own)
    title, window = reading.from_name(file.name)
    broken = read.broken["source_line"].n_unique()
    facts |= {"kind": read.kind.name, "source": read.kind.source, "about": title}
    facts |= {"window": window, "currency": read.currency, "received": read.received}
    facts |= {"kept": read.rows.height, "duplicate": read.duplicate, "sums": read.sums}
    facts |= {"broken": broken, "notes": list(read.notes)}
    return _File(file_id, _put(lake, file_id, body, facts, read), read.received, broken)


def _put(
    lake: Lake, file_id: str, body: bytes, facts: dict[str, Any], read: reading.Read | None = None
) -> bool:
    """Put a file into its place in the lake; whether none was there."""
    with making(lake) as folder:
        (folder / BODY_FILE).write_bytes(zstandard.ZstdCompressor().compress(body))
        if read is not None:
            read.rows.write_parquet(folder / ROWS_FILE)
            if facts["broken"]:
                read.broken.write_parquet(folder / BROKEN_FILE)
        text = json.dumps(facts, indent=1, ensure_ascii=False)
        (folder / FACTS_FILE).write_text(text, encoding="utf-8")
        return place(lake, folder, file_folder(lake, file_id))


def file_id_of(name: str, body: bytes) -> str:
    """What a file is called in the lake.

    Two songs may have the same numbers: title and window stand in the name alone.
    """
    told = "\0".join(str(one) for one in reading.from_name(name))
    return hashlib.sha256(told.encode() + b"\0" + body).hexdigest()[:16]


def facts_of(lake: Lake, file_id: str) -> dict[str, Any]:
    """What is known of a file of the lake; nothing where it is not there."""
    return _read(file_folder(lake, file_id) / FACTS_FILE)


def _read(path: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return facts


@dataclass(frozen=True)
class Declaration:
    """A ``releases.toml`` as it was imported."""

    name: str
    text: str
    saved_at: dt.datetime


def newest_declaration(lake: Lake) -> Declaration | None:
    """The declaration that counts: the one that was saved last."""
    newest = _newest(lake)
    if newest is None:
        return None
    folder, facts = newest
    body = zstandard.ZstdDecompressor().decompress((folder / BODY_FILE).read_bytes())
    saved_at = dt.datetime.fromisoformat(facts["downloaded_at"])
    return Declaration(facts["file_name"], body.decode("utf-8-sig"), saved_at)


def newest_declared(lake: Lake) -> dict[str, Any] | None:
    """What the newest declaration in the lake says."""
    newest = _newest(lake)
    return newest[1]["declared"] if newest else None


def _declared_before(lake: Lake) -> list[Kind]:
    """The formats that the newest declaration in the lake names."""
    said = newest_declared(lake)
    return declared.Declared(**said).own if said else []


def _newest(lake: Lake) -> tuple[Path, dict[str, Any]] | None:
    """Folder and facts of the newest declaration."""
    read = (
        (path.parent, _read(path)) for path in file_folder(lake, "").parent.glob(f"*/{FACTS_FILE}")
    )
    there = [(folder, facts) for folder, facts in read if facts.get("kind") == DECLARED]
    return max(there, key=lambda one: str(one[1]["downloaded_at"]), default=None)
