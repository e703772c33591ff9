"""Where the downloads of an artist's team lie: a folder for each file.

Belongs here: its path, and the names in it. Does not belong here: what is in the files.
"""

from pathlib import Path

from spotify_assets.lake.history import RELEASE_FILES, history_folder
from spotify_assets.lake.layout import Lake

__all__ = ["BODY_FILE", "BROKEN_FILE", "RELEASE_FILES", "file_folder"]
BODY_FILE, BROKEN_FILE = "body.zst", "quarantined.parquet"
"""The bytes as they came, and the rows that were set aside; the others lie in ``rows.parquet``."""


def file_folder(lake: Lake, file_id: str) -> Path:
    """The folder of a file; it is put into place as a whole."""
    return history_folder(lake, RELEASE_FILES, f"file={file_id}")
