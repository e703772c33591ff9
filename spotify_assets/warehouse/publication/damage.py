"""Files of the lake that cannot be loaded, as the warehouse names them.

Does not belong here: finding them, which is up to whoever reads them.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from spotify_assets.schemas.monitoring import DamagedFiles


def damaged_files(found: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows of `DamagedFiles`, found just now; of a merged file the first day stands for all.

    Args:
        found: All columns but ``found_at``.
    """
    at = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    rows = [{**one, "found_at": at} for one in found]
    frame = pl.DataFrame(rows, schema=DamagedFiles.polars_schema(), orient="row")
    return frame.sort("file", "date").unique("file", keep="first", maintain_order=True)
