"""By which code the rows of a genre-day were made.

Rows that an earlier version made are made again from their raw responses, in portions.
"""

import hashlib
from dataclasses import replace
from functools import cache

from spotify_assets.schemas import FACTS, PROCESSED, RANKED, Column, Contract
from spotify_assets.storage.renamed import former, former_columns

RULES = 2
"""Raise it when a rule changes what the rows hold: the shape of the tables counts by itself."""


@cache
def code_version() -> str:
    """``<rules>.<hash of the contracts>``: the same for the same rows from the same responses."""
    columns = [(former(one.table()), _columns(one)) for one in (*PROCESSED, *RANKED, *FACTS)]
    return f"{RULES}.{hashlib.sha256(repr(columns).encode()).hexdigest()[:8]}"


def _columns(contract: type[Contract]) -> list[Column]:
    """By their first names: another name alone is no reason to make the rows again."""
    names = former_columns(contract.table())
    return [replace(one, name=names.get(one.name, one.name)) for one in contract.columns()]
