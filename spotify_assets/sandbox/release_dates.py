"""Release dates where none are given: drawn from the album's keys."""

import numpy as np

from spotify_assets.sandbox.columns import Precision
from spotify_assets.sandbox.draws import Keys, uniform

NO_DATE = np.datetime64("0000-01-01")
"""What Spotify itself says when it does not know: `0000`."""
NO_DATE_SHARE = 1 / 400
_FIRST_RELEASE = np.datetime64("1960-01-01")
_LAST_RELEASE = np.datetime64("2026-12-31")
_YEAR_ONLY_SHARE, _MONTH_ONLY_SHARE = 0.04, 0.0175


def drawn(keys: Keys, *, no_date_share: float) -> tuple[np.ndarray, np.ndarray]:
    """The first day that each date can mean, and its precision.

    Args:
        keys: Of the albums.
        no_date_share: Share of the albums whose date is `NO_DATE`.
    """
    span = (_LAST_RELEASE - _FIRST_RELEASE).astype(np.int64)
    # Most of what is listened to is young: the exponent puts half of it into the last 12 years.
    released = _LAST_RELEASE - (span * uniform(keys, "released") ** 2.5).astype("timedelta64[D]")
    lot = uniform(keys, "precision")
    year_only = lot < no_date_share + _YEAR_ONLY_SHARE
    month_only = ~year_only & (lot < no_date_share + _YEAR_ONLY_SHARE + _MONTH_ONLY_SHARE)
    released[year_only] = released[year_only].astype("datetime64[Y]")
    released[month_only] = released[month_only].astype("datetime64[M]")
    released[lot < no_date_share] = NO_DATE
    return released, np.select(
        [year_only, month_only], [Precision.YEAR, Precision.MONTH], Precision.DAY
    )
