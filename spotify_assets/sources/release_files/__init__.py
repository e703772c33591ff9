"""Downloads of an artist's team (Spotify for Artists, Meta Ads, distributors) → rows of the lake.

Belongs here: telling the kind of a file from its content, and reading it to the row. Does not
belong here: which release a row is of, and what several files say together
(``transforms.releases``).
"""

from spotify_assets.sources.release_files.importing import (
    Imported,
    find,
    import_files,
    imported_before,
)
from spotify_assets.sources.release_files.reading import Refused

__all__ = ["Imported", "Refused", "find", "import_files", "imported_before"]
