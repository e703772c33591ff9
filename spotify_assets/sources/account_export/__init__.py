"""Spotify's export packages ("download your data") → rows of the lake.

Belongs here: finding the files of a listening history in zips and folders, reading each to the
row, and what such a row means. Does not belong here: what is made of the rows of several files.
"""

from spotify_assets.sources.account_export.errors import ExportError
from spotify_assets.sources.account_export.packages import ExportFile, Found, Refused, find
from spotify_assets.sources.account_export.reading import (
    Imported,
    ImportedFile,
    imported_before,
    process,
    read,
    read_all,
    renew,
)

__all__ = [
    "ExportError",
    "ExportFile",
    "Found",
    "Imported",
    "ImportedFile",
    "Refused",
    "find",
    "imported_before",
    "process",
    "read",
    "read_all",
    "renew",
]
