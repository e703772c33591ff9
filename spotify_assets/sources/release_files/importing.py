"""Files into the lake: each once, with its bytes as they came.

Belongs here: finding files, and putting what was read into place. Does not belong here: reading.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import zstandard

from spotify_assets.lake import Lake
from spotify_assets.lake.history import FACTS_FILE, making, place
from spotify_assets.lake.layout import ROWS_FILE
from spotify_assets.lake.release_files import BODY_FILE, BROKEN_FILE, file_folder
from spotify_assets.sources.account_export.packages import package_named
from spotify_assets.sources.release_files import declared, reading
from spotify_assets.sources.release_files.kinds import Kind

ENDINGS = (".csv", ".tsv", ".toml")
"""Of files that are looked at; what they are, their content says."""
DECLARED = "declared"
"""The kind of ``releases.toml``."""


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


def find(paths: Iterable[Path]) -> list[Path]:
    """Files that may be of these kinds, in folders to any depth and by themselves."""
    found: list[Path] = []
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        found += [one for one in files if one.suffix.lower() in ENDINGS and _is_ours(one)]
    # What the label declares says how others are read.
    return sorted(dict.fromkeys(found), key=lambda file: file.suffix.lower() != ".toml")


def _is_ours(file: Path) -> bool:
    # A listening history that somebody saved as CSV is for `account_export` to refuse.
    return file.is_file() and package_named(file.name) is None


def version() -> str:
    """The same for the same rows from the same bytes."""
    package = resources.files(__package__)
    texts = [package.joinpath(f"{name}.py").read_text(encoding="utf-8") for name in _READERS]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:8]


_READERS = ("declared", "kinds", "reading", "values")


def import_files(files: Sequence[Path], lake: Lake, now: dt.datetime) -> Imported:
    """Read files; one that was imported before is left as it is.

    Args:
        files: As `find` has them.
        lake: Where they go.
        now: When that is (UTC).

    Raises:
        LakeError: The lake cannot be written.
    """
    done, reader = Imported(), version()
    own = _declared_before(lake)
    for file in files:
        try:
            size = file.stat().st_size
            if size > reading.MAX_BYTES:
                raise reading.Refused(
                    f"It is larger than {reading.MAX_BYTES >> 20} MiB: no download of these is."
                )
            body = file.read_bytes()
            downloaded = dt.datetime.fromtimestamp(file.stat().st_mtime, dt.UTC)
            facts = {"file_name": file.name, "reader": reader, "bytes": len(body)}
            facts |= {"downloaded_at": downloaded.isoformat(), "imported_at": now.isoformat()}
            if file.suffix.lower() == ".toml":
                said = declared.read(body)
                own = said.own
                facts |= {"kind": DECLARED, "declared": vars(said)}
                _import(done, lake, body, facts, None)
            else:
                held = file_folder(lake, file_id_of(file.name, body)) / FACTS_FILE
                is_same = _read(held).get("reader") == reader
                read = None if is_same and not own else reading.read(body, now.date(), own)
                _import(done, lake, body, facts, read)
        except reading.Refused as error:
            done.refused.append((file.name, str(error)))
        except OSError as error:
            done.refused.append((file.name, f"It cannot be read: {error.strerror or error}."))
    return done


def _import(
    done: Imported, lake: Lake, body: bytes, facts: dict[str, Any], read: reading.Read | None
) -> None:
    """Put a file into the lake, unless it is there as it would be put."""
    file_id = file_id_of(facts["file_name"], body)
    before = _read(file_folder(lake, file_id) / FACTS_FILE)
    is_declared = facts["kind"] == DECLARED if "kind" in facts else False
    done.file_ids.append(file_id)
    if read is not None:
        title, window = reading.from_name(facts["file_name"])
        facts |= {"kind": read.kind.name, "source": read.kind.source, "about": title}
        facts |= {"window": window, "currency": read.currency, "received": read.received}
        facts |= {"kept": read.rows.height, "duplicate": read.duplicate, "sums": read.sums}
        facts["broken"] = read.broken["source_line"].n_unique()
        facts["notes"] = list(read.notes)
        done.received += read.received
        done.broken += facts["broken"]
    if before and _same(before, facts, is_declared=is_declared, is_read=read is not None):
        return
    if not before:
        done.new.append(file_id)
    with making(lake) as folder:
        (folder / BODY_FILE).write_bytes(zstandard.ZstdCompressor().compress(body))
        if read is not None:
            read.rows.write_parquet(folder / ROWS_FILE)
            read.broken.write_parquet(folder / BROKEN_FILE)
        text = json.dumps(facts, indent=1, ensure_ascii=False)
        (folder / FACTS_FILE).write_text(text, encoding="utf-8")
        place(folder, file_folder(lake, file_id))


def _same(
    before: dict[str, Any], facts: dict[str, Any], *, is_declared: bool, is_read: bool
) -> bool:
    """Whether a file that is there would be put there as it is.

    An older declaration that is imported again is the newest from now on, if it was saved later.
    """
    if is_declared:
        is_newer = facts["downloaded_at"] > before["downloaded_at"]
        return bool(before["reader"] == facts["reader"] and not is_newer)
    if not is_read:
        return True
    told = ("reader", "kind", "source", "kept", "broken")
    return all(before.get(name) == facts[name] for name in told)


def file_id_of(name: str, body: bytes) -> str:
    """What a file is called in the lake.

    Two songs may have the same numbers: title and window stand in the name alone.
    """
    told = "\0".join(str(one) for one in reading.from_name(name))
    return hashlib.sha256(told.encode() + b"\0" + body).hexdigest()[:16]


def _read(path: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return facts


def _declared_before(lake: Lake) -> list[Kind]:
    """The formats that the newest declaration in the lake names."""
    newest = max(_declarations(lake), key=lambda facts: str(facts["downloaded_at"]), default=None)
    return declared.Declared(**newest["declared"]).own if newest else []


def _declarations(lake: Lake) -> Iterator[dict[str, Any]]:
    for path in file_folder(lake, "").parent.glob(f"*/{FACTS_FILE}"):
        facts = _read(path)
        if facts.get("kind") == DECLARED:
            yield facts
