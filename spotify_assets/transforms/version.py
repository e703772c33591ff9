"""By which code the rows of a genre-day were made.

Rows that an earlier version made are made again from their raw responses, in portions.
"""

import hashlib
from functools import cache

from spotify_assets.schemas import FACTS, PROCESSED, RANKED

RULES = 2
"""Raise it when a rule changes what the rows hold: the shape of the tables counts by itself."""


@cache
def code_version() -> str:
    """``<rules>.<hash of the contracts>``: the same for the same rows from the same responses."""
    columns = [(one.table(), one.columns()) for one in (*PROCESSED, *RANKED, *FACTS)]
    return f"{RULES}.{hashlib.sha256(repr(columns).encode()).hexdigest()[:8]}"
