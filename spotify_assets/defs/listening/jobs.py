"""Jobs of the listening history: which of its assets run together.

Belongs here: selections of assets. Does not belong here: when they run.
"""

import dagster as dg

from spotify_assets.defs.listening.history import (
    import_exports,
    publish_plays,
    read_polls,
    recently_played,
)

import_history = dg.define_asset_job(
    "import_history",
    selection=dg.AssetSelection.assets(import_exports, publish_plays),
    description="Exports the whole way: read, every play once, publish. No call to the API.",
)

poll_plays = dg.define_asset_job(
    "poll_plays",
    selection=dg.AssetSelection.assets(recently_played, read_polls, publish_plays),
    description="Ask what was played last, and take it the whole way.",
)
