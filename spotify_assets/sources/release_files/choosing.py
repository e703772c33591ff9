"""Which imported downloads somebody means, who wants to take them back.

Belongs here: finding them by path, name, id or time of import. Does not belong here: deleting them.
"""

import datetime as dt
from pathlib import Path

from spotify_assets.lake import Lake
from spotify_assets.lake.release_files import held_files
from spotify_assets.sources.account_export.choosing import Held, among
from spotify_assets.sources.release_files.importing import facts_of, file_id_of, find


def choose(lake: Lake, wanted: str) -> list[Held]:
    """The downloads of a team that are meant; none where none is.

    Args:
        lake: Where they are.
        wanted: The path of a file or folder, known by name and bytes; else the name of a file, the
            beginning of its id, or of its time of import (UTC).

    Raises:
        ExportError: Several files have the name.
    """
    held = [_held(lake, file_id) for file_id in held_files(lake)]
    path = Path(wanted).expanduser()
    if path.exists():
        ids = {file_id_of(file.name, file.read_bytes()) for file in find([path])}
        return [one for one in held if one.file_id in ids]
    return among(held, wanted)


def _held(lake: Lake, file_id: str) -> Held:
    facts = facts_of(lake, file_id)
    at = dt.datetime.fromisoformat(facts["imported_at"]).astimezone(dt.UTC)
    name, kind = facts["file_name"], facts["kind"]
    return Held(file_id, name, kind, facts.get("received"), f"{at:%Y-%m-%d %H:%M:%S}", ())
