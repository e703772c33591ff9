"""Jobs of the releases: which of its assets run together.

Belongs here: selections of assets. Does not belong here: when they run.
"""

import dagster as dg

from spotify_assets.defs.predictions.publish import publish_predictions
from spotify_assets.defs.releases.files import publish_releases, release_files

import_releases = dg.define_asset_job(
    "import_releases",
    selection=dg.AssetSelection.assets(release_files, publish_releases, publish_predictions),
    description="Downloads of an artist's team the whole way: read, match, estimate, publish.",
)
