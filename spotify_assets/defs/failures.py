"""Failures that say in metadata what sensors and commands need to go on.

Belongs here: how such a failure is written. Does not belong here: what is done about it.
"""

from collections.abc import Mapping

import dagster as dg

from spotify_assets.defs.partitions import key_of
from spotify_assets.lake import GenreDay
from spotify_assets.sources.spotify_api.errors import Blocked

BLOCKED, BLOCKED_UNTIL = "blocked", "blocked until"
"""Metadata of a failure: which family of requests, and when it may be asked again."""
MISSING = "missing"
"""Metadata of a failure: the keys of the partitions that raw does not hold."""


def blocked(error: Blocked) -> dg.Failure:
    """The failure of a run because the API has asked to wait."""
    return dg.Failure(
        str(error),
        metadata={
            BLOCKED: error.endpoint,
            BLOCKED_UNTIL: dg.MetadataValue.timestamp(error.until),
        },
        allow_retries=False,
    )


def not_held(missing: Mapping[GenreDay, str]) -> dg.Failure:
    """The failure of a run because raw does not hold some of its days, each with the reason.

    A range fails as a whole, so that none of these days looks as if it had been made; a sensor then
    runs the others without them.
    """
    return dg.Failure(
        "\n".join(missing.values()),
        metadata={MISSING: dg.MetadataValue.json([key_of(day) for day in missing])},
        allow_retries=False,
    )
