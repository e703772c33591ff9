"""What holds for every asset alike: when it is late, and which code made it.

Belongs here: policies, applied once where the definitions are put together. Does not belong here:
anything of one asset.
"""

import datetime as dt

import dagster as dg

from spotify_assets.transforms.version import code_version

WARN_AT = 0.75
"""Share of the time after which an asset is about to be late."""
BROUGHT = "brought"
"""Tag of an asset that has days, but is made only when somebody brings something."""


def with_policies(spec: dg.AssetSpec, late_hours: float) -> dg.AssetSpec:
    """The asset with its freshness policy and the version of its code.

    Dagster looks at the last materialization of any partition; that a single genre is late, the
    check `days_late` says.
    """
    # What has no day comes when somebody brings it, as comments do, and is never late.
    if spec.partitions_def is None or BROUGHT in spec.tags:
        return spec.replace_attributes(code_version=code_version())
    late = dt.timedelta(hours=late_hours)
    return spec.replace_attributes(
        freshness_policy=dg.FreshnessPolicy.time_window(
            fail_window=late, warn_window=late * WARN_AT
        ),
        code_version=code_version(),
    )
