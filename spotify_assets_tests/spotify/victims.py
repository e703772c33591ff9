"""What the processes do that tests kill while they collect."""

import datetime as dt
import sys
from pathlib import Path

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.raw import RawPartition, Terms
from spotify_assets.spotify.client import Client, Connection
from spotify_assets.spotify.collect import collect


def collects_rock_when_told(url: str, root: str, day: str) -> None:
    """Collect from the sandbox at ``url`` as soon as there is a line on standard input."""
    sys.stdin.readline()
    today = dt.date.fromisoformat(day)
    client = Client(Connection.to_sandbox(url), day=today)
    partition = RawPartition(Lake(Path(root)), GenreDay("rock", today))
    collect(client, partition, Terms("sandbox", "BR", 10, 60), today=today)
