"""What a report can show, the columns of it that may appear, and where it lies.

Belongs here: what the settings say of it. Does not belong here: any row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

COLUMNS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "comments": {
        "totals": ("since", "until", "comments", "comments_before", "labelled"),
        "by_day": ("date", "category", "name_en", "name_pt", "comments"),
    },
    "topics": {
        "totals": ("since", "until", "comments", "with_topic"),
        "top": ("topic", "name_en", "name_pt", "comments"),
    },
    "releases": {
        "totals": (
            *("since", "until", "streams", "streams_before", "release_days"),
            *("release_days_wanted", "release_days_before", "release_days_wanted_before"),
        ),
        "weeks": ("week", "streams", "release_days", "release_days_wanted"),
        "top": (
            *("title", "artist", "released_on", "streams", "streams_before"),
            *("days_known", "days_known_before"),
        ),
    },
    "listening": {
        "totals": (
            *("since", "until", "plays", "hours", "plays_before", "hours_before"),
            *("days_complete", "days_complete_before", "days"),
        ),
        "months": ("month", "plays", "hours", "days_complete", "days"),
        "artists": ("rank", "name", "hours", "plays"),
    },
}
"""Of each part its tables, the first of one row, and of each table its columns: no others leave the
warehouse. Rankings of the catalog are none of them: Spotify's terms keep them private."""
PARTS = tuple(COLUMNS)


@dataclass(frozen=True)
class ReportPlace:
    """Where the report lies."""

    folder: Path
    url: str = ""
    """Of a bucket that gets it too: ``s3://bucket/prefix``, ``gs://…`` or ``az://…``."""


def parts_of(text: str) -> tuple[str, ...]:
    """The parts that a setting names, each once, in the order of a report.

    Raises:
        ValueError: It names another.
    """
    said = [one.strip() for one in text.split(",") if one.strip()]
    if unknown := [one for one in said if one not in COLUMNS]:
        raise ValueError(f"there is no part {unknown[0]!r}: write some of {','.join(PARTS)}")
    return tuple(one for one in PARTS if one in said)
