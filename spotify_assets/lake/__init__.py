"""The lake: files under one folder, which are the truth of the warehouse.

Belongs here: where a partition lies; atomic write, read, seal.
Does not belong here: what the rows mean, and anything that asks the API.
"""

from spotify_assets.lake.errors import DamagedFile, LakeError
from spotify_assets.lake.layout import GenreDay, Lake, normalise_genre

__all__ = ["DamagedFile", "GenreDay", "Lake", "LakeError", "normalise_genre"]
