"""Where the downloads of an artist's team lie: a folder for each file.

Belongs here: its path, and the names in it. Does not belong here: what is in the files.
"""

from pathlib import Path

from spotify_assets.lake.history import FACTS_FILE, RELEASE_FILES, delete, history_folder
from spotify_assets.lake.layout import ROWS_FILE, Lake

__all__ = ["BODY_FILE", "BROKEN_FILE", "RELEASE_FILES", "erase", "file_folder", "held_files"]
BODY_FILE, BROKEN_FILE = "body.zst", "quarantined.parquet"
"""The bytes as they came, and the rows that were set aside; the others lie in ``rows.parquet``."""


def file_folder(lake: Lake, file_id: str) -> Path:
    """The folder of a file; it is put into place as a whole."""
    return history_folder(lake, RELEASE_FILES, f"file={file_id}")


def held_files(lake: Lake) -> list[str]:
    """The ids of the files of which anything is known, in order."""
    files = file_folder(lake, "").parent.glob(f"file=*/{FACTS_FILE}")
    return sorted(file.parent.name.removeprefix("file=") for file in files)


def erase(lake: Lake, file_id: str) -> None:
    """Delete a file. By its facts it can be found to the last.

    Raises:
        LakeError: It cannot be deleted.
    """
    delete(lake, file_folder(lake, file_id), BROKEN_FILE, ROWS_FILE, BODY_FILE, FACTS_FILE)
