"""Collects genre-days from a sandbox without Dagster: here, or as a process of its own.

``python -m benchmarks.collecting <task as JSON>`` ends with 75 where the API did not give all.
"""

import datetime as dt
import json
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.journal import CollectionParameters
from spotify_assets.lake.raw import RawPartition, Sealed
from spotify_assets.sources.spotify_api.budget import Limits
from spotify_assets.sources.spotify_api.client import Client
from spotify_assets.sources.spotify_api.collect import collect
from spotify_assets.sources.spotify_api.connection import Connection
from spotify_assets.sources.spotify_api.errors import SpotifyError
from spotify_assets.sources.spotify_api.ledger import Ledger, Purpose
from spotify_assets.storage.clock import Clock

GAVE_UP = 75


@dataclass(frozen=True)
class Task:
    """What is to be collected, into which data folder, from which sandbox."""

    url: str
    folder: Path
    terms: CollectionParameters
    genre_days: Sequence[GenreDay]
    limits: Limits
    lake_url: str = ""
    """Of the store that the lake is on; else it is in the folder."""

    @property
    def lake(self) -> Lake:
        """Where the command has it."""
        return Lake(self.folder / "lake", self.lake_url)

    @property
    def ledger(self) -> Path:
        """Where the command has it."""
        return self.folder / "ledger.sqlite"

    def command(self) -> list[str]:
        """The command line of a process that does it."""
        return [
            sys.executable,
            "-m",
            "benchmarks.collecting",
            json.dumps(asdict(self), default=str),
        ]

    @classmethod
    def read(cls, text: str) -> "Task":
        """The task that `command` wrote down."""
        said = json.loads(text)
        days = [
            GenreDay(one["genre"], dt.date.fromisoformat(one["date"])) for one in said["genre_days"]
        ]
        return cls(
            said["url"],
            Path(said["folder"]),
            CollectionParameters(**said["terms"]),
            days,
            Limits(**said["limits"]),
            said["lake_url"],
        )


def run(task: Task, clock: Clock | None = None) -> list[Sealed]:
    """Collect one genre-day after the other; those that are finished cost nothing.

    Raises:
        SpotifyError: The API did not give all.
    """
    with closing(Ledger(task.ledger)) as ledger:
        return [_collect(task, genre_day, ledger, clock) for genre_day in task.genre_days]


def _collect(task: Task, genre_day: GenreDay, ledger: Ledger, clock: Clock | None) -> Sealed:
    day = genre_day.date
    client = Client(
        Connection.to_sandbox(task.url),
        ledger,
        limits=task.limits,
        day=day,
        purpose=Purpose(None, genre_day.genre, day),
        clock=clock,
    )
    return collect(client, RawPartition(task.lake, genre_day), task.terms, today=day)


def main() -> None:
    """Do the task of the command line."""
    try:
        run(Task.read(sys.argv[1]))
    except SpotifyError as error:
        print(error, file=sys.stderr)
        sys.exit(GAVE_UP)


if __name__ == "__main__":
    main()
