"""What the processes do that tests start at the same time."""

import sys
from pathlib import Path

from spotify_assets.operations import genres


def adds_when_told(path: str, own: str) -> None:
    """Add genres of one's own to a list."""
    sys.stdin.readline()
    for number in range(50):
        genres.add(Path(path), "", f"{own} {number}")
