"""What is known of an export file as a whole, beside its raw rows.

Belongs here: reading these facts, and adding what a later import or version knows more. Does not
belong here: the rows.
"""

import hashlib
import json
from typing import Any

from spotify_assets.lake import Lake, history
from spotify_assets.lake.errors import DamagedFile
from spotify_assets.lake.layout import ROWS_FILE
from spotify_assets.sources.account_export.packages import ExportFile, media_of, part_of

REMEDY = "Import the export again."
KEPT_FOR_EVER = ("file_name", "imported_at", "downloads", "shows")
"""What stays as the first import said it, when the same bytes are read again."""
ID_DIGITS = 16


def there(lake: Lake, file_id: str) -> dict[str, Any]:
    """The facts of a file whose raw rows are there; nothing where they are not, or are damaged."""
    path = history.facts_file(lake, file_id)
    try:
        return read(lake, file_id) if path.with_name(ROWS_FILE).exists() else {}
    except DamagedFile:
        return {}


def read(lake: Lake, file_id: str) -> dict[str, Any]:
    """The facts of a file.

    Raises:
        DamagedFile: They are gone, or not as they were written.
    """
    path = history.facts_file(lake, file_id)
    try:
        known: dict[str, Any] = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise DamagedFile(path, "written", REMEDY) from error
    return known


def text(known: dict[str, Any]) -> str:
    """The facts as they are written."""
    return f"{json.dumps(known, ensure_ascii=False, indent=2)}\n"


def note_origin(file: ExportFile, file_id: str, lake: Lake) -> None:
    """Note what its download says of a file; the same file may come in several.

    Raises:
        LakeError: The lake cannot be written.
    """
    known = read(lake, file_id)
    told = with_origin(file, lake, known)
    if told != known:
        history.write_facts(lake, file_id, text(told))


def with_origin(file: ExportFile, lake: Lake, known: dict[str, Any]) -> dict[str, Any]:
    """The facts of a file, with what this download of it says."""
    secret = history.secret(lake)
    return {
        **known,
        "downloads": sorted({*known["downloads"], _pseudonym(secret, file.origin)}),
        "shows": sorted({*known["shows"], *file.shows}),
        "account": known["account"] or (file.username and _pseudonym(secret, file.username)),
    }


def _pseudonym(secret: str, what: str) -> str:
    """As DuckDB's `pseudonym` makes it of the name of an account."""
    return hashlib.sha256(f"{secret}{what}".encode()).hexdigest()[:ID_DIGITS]


def complete(lake: Lake, file_id: str) -> None:
    """Add what an older version did not note, and can be told by the name.

    Raises:
        LakeError: The lake cannot be written, or the facts are damaged.
    """
    known = read(lake, file_id)
    name, package = known["file_name"], known["package"]
    media = media_of(package, name, [])
    told = {"media": media, "part": part_of(name), "is_video": media == "video"}
    added = {"account": None, "downloads": [], "shows": [], **known, **told}
    if added != known:
        history.write_facts(lake, file_id, text(added))
