"""What holds for every asset alike: when it is late, and which code made it.

Belongs here: policies, applied once where the definitions are put together. Does not belong here:
anything of one asset.
"""

import datetime as dt

import dagster as dg

from spotify_assets.defs.checks import asset_key
from spotify_assets.defs.listening.history import OF_PLAYS, STREAMING_HISTORY
from spotify_assets.defs.metadata.tables import keys
from spotify_assets.schemas.listening import Streams
from spotify_assets.settings import Settings
from spotify_assets.transforms.version import code_version

WHENEVER = {
    STREAMING_HISTORY,
    asset_key(Streams),
    *keys(OF_PLAYS),
}
"""They come when the listener brings an export, and are never late."""
WARN_AT = 0.75
"""Share of the time after which an asset is about to be late."""


def with_policies(spec: dg.AssetSpec) -> dg.AssetSpec:
    """The asset with its freshness policy and the version of its code.

    Dagster looks at the last materialization of any partition; that a single genre is late, the
    check `days_late` says.
    """
    if spec.key in WHENEVER:
        return spec.replace_attributes(code_version=code_version())
    late = dt.timedelta(hours=Settings().late_hours)
    return spec.replace_attributes(
        freshness_policy=dg.FreshnessPolicy.time_window(
            fail_window=late, warn_window=late * WARN_AT
        ),
        code_version=code_version(),
    )
