"""Which imported files somebody means, who wants to take them back.

Belongs here: finding them by path, name, hash, download or time of import. Does not belong here:
deleting them.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spotify_assets.lake import Lake, LakeError, history
from spotify_assets.sources.account_export import facts
from spotify_assets.sources.account_export.errors import ExportError
from spotify_assets.sources.account_export.packages import find

MIN_ID = 6
IS_HASH = re.compile(f"[0-9a-f]{{{MIN_ID},64}}", re.I)
IS_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?)?")
UNKNOWN = "(unknown)"


@dataclass(frozen=True)
class Held:
    """An export file that the lake holds, or of which something is left."""

    file_id: str
    file_name: str
    package: str
    records: int | None
    imported_at: str
    """UTC, to the second."""
    downloads: tuple[str, ...]


def choose(lake: Lake, wanted: str) -> list[Held]:
    """The files of the lake that are meant, at least one.

    Args:
        lake: Where they are.
        wanted: The path of a zip, folder or file, known by its bytes; else the name of a file, the
            beginning of its id or SHA-256, or that of a download; or a time of import (UTC), of
            which the end may be left out.

    Raises:
        ExportError: None is meant, or several files of one name.
    """
    history.bring_up_to_date(lake)
    held = [_held(lake, file_id) for file_id in history.held_files(lake)]
    path = Path(wanted).expanduser()
    if path.exists():
        return _of_path(path, held)
    if not (found := among(held, wanted)):
        raise ExportError(
            f"No imported file is meant by {wanted!r}: there is no such path, and no file of that "
            "name, id, download or time of import. monitoring.imports and monitoring.release_files "
            "list them."
        )
    return found


def among(held: list[Held], wanted: str) -> list[Held]:
    """Those of some files that a name, hash or time means; none where it means none.

    Raises:
        ExportError: Several files have the name.
    """
    found: list[Held] = []
    means = _by_hash
    for means in (_by_hash, _by_name, _by_time):
        if found := [one for one in held if means(wanted)(one)]:
            break
    if means is _by_name and len(found) > 1:
        listed = ", ".join(f"{one.file_id} (imported at {one.imported_at})" for one in found)
        raise ExportError(
            f"{len(found)} files are called {wanted!r}. Say which by its id: {listed}."
        )
    return found


def _of_path(path: Path, held: list[Held]) -> list[Held]:
    ids = set()
    for file in find([path]).files:
        digest = hashlib.sha256()
        for chunk in file.chunks():
            digest.update(chunk)
        ids.add(digest.hexdigest()[: facts.ID_DIGITS])
    found = [one for one in held if one.file_id in ids]
    if not found:
        raise ExportError(f"Nothing of {path} is imported: its bytes are in no file of the lake.")
    return found


def _by_hash(wanted: str) -> Callable[[Held], bool]:
    digits = wanted.lower()
    if not IS_HASH.fullmatch(wanted):
        return lambda _: False
    # Of a SHA-256, a file's id is the beginning.
    return lambda one: any(
        known.startswith(digits) or digits.startswith(known)
        for known in (one.file_id, *one.downloads)
    )


def _by_name(wanted: str) -> Callable[[Held], bool]:
    return lambda one: one.file_name == wanted


def _by_time(wanted: str) -> Callable[[Held], bool]:
    if not IS_TIME.fullmatch(wanted):
        return lambda _: False
    return lambda one: one.imported_at.startswith(wanted.replace("T", " "))


def _held(lake: Lake, file_id: str) -> Held:
    try:
        known: dict[str, Any] = facts.read(lake, file_id)
        at = dt.datetime.fromisoformat(known["imported_at"]).astimezone(dt.UTC)
        return Held(
            file_id,
            known["file_name"],
            known["package"],
            known["records"],
            f"{at:%Y-%m-%d %H:%M:%S}",
            tuple(known.get("downloads", ())),
        )
    except (LakeError, KeyError, TypeError, ValueError):
        # What is damaged must go too: by its id.
        return Held(file_id, UNKNOWN, UNKNOWN, None, UNKNOWN, ())
