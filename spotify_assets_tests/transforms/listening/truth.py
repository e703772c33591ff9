"""What the sandbox's listener really played, told to a lake by exports and by polls.

Belongs here: writing both as files of the lake. Does not belong here: what must come of it.
"""

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl

from spotify_assets.lake import Lake
from spotify_assets.lake.history import history_file
from spotify_assets.sandbox import exports, listening
from spotify_assets.sandbox.catalog import generate
from spotify_assets.sandbox.listening import Listener
from spotify_assets.sandbox.repertoire import Repertoire
from spotify_assets.schemas.listening import Plays, Polls
from spotify_assets.sources.account_export import find, read

SHOWN = 50
"""Plays that a poll can show."""


def played(listener: Listener, number: int, until: dt.datetime, tracks: int = 5000) -> pl.DataFrame:
    """The newest plays of the listener until then, as ``sandbox.listening.plays`` has them."""
    repertoire = Repertoire.of(generate(tracks=tracks))
    since = listening.since_when(listener, repertoire, until, number)
    return pl.concat(listening.history(listener, repertoire, since, until))


def tell_by_export(
    lake: Lake,
    plays: pl.DataFrame,
    folder: Path,
    asked_at: dt.datetime,
    packages: tuple[exports.PackageName, ...] = ("extended",),
) -> None:
    """Import an export that was asked for at a moment (UTC, naive)."""
    past = plays.filter(pl.col("ended_at") < asked_at)
    for file in exports.files([past], packages, asked_at):
        path = folder / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.json())
    for found in find([folder]).files:
        read(found, lake, asked_at.replace(tzinfo=dt.UTC))


def tell_by_polls(
    lake: Lake, plays: pl.DataFrame, since: dt.datetime, until: dt.datetime, every: dt.timedelta
) -> pl.DataFrame:
    """Poll the API from one moment to another (UTC, naive).

    Returns:
        The plays that some poll showed.
    """
    reports = plays.filter(pl.col("api_seen_at").is_not_null()).sort("api_played_at")
    seen_at = reports["api_seen_at"].to_numpy()
    places, polls = [], []
    for number in range((until - since) // every):
        moment = since + number * every
        known = np.flatnonzero(seen_at <= np.datetime64(moment))[-SHOWN:]
        places.append(known)
        polls.append(pl.repeat(moment, len(known), dtype=pl.Datetime("us"), eager=True))
    items = reports[np.concatenate(places)].with_columns(pl.concat(polls).alias("polled_at"))
    items = items.with_columns(date=pl.col("polled_at").dt.date())
    for contract, rows in ((Plays, _plays(items)), (Polls, _polls(items))):
        schema = contract.polars_schema()
        typed = rows.select(pl.col(name).cast(kind) for name, kind in schema.items())
        for (date,), of_day in typed.group_by("date"):
            target = history_file(lake, contract.table(), f"date={date}")
            target.parent.mkdir(parents=True)
            of_day.write_parquet(target)
    return items.unique(["api_played_at", "track_id"]).select(plays.columns)


def _plays(items: pl.DataFrame) -> pl.DataFrame:
    first = items.with_columns(source_item=pl.int_range(1, pl.len() + 1).over("polled_at")).unique(
        ["date", "api_played_at", "track_id"], keep="first", maintain_order=True
    )
    none = pl.lit(None, pl.String)
    return first.select(
        "date",
        "track_id",
        "name",
        "artist_name",
        "album_name",
        "duration_ms",
        "isrc",
        "source_item",
        played_at="api_played_at",
        reported_at="polled_at",
        artist_id=none,
        album_id=none,
        context_uri=none,
        source_file=pl.format("raw/recently_played/date={}/polls.jsonl.zst", "date"),
        source_line=pl.col("polled_at").rank("dense"),
    ).sort("played_at", "track_id")


def _polls(items: pl.DataFrame) -> pl.DataFrame:
    return (
        items.group_by("date", "polled_at", maintain_order=True)
        .agg(
            items=pl.len(),
            is_full=pl.len() >= SHOWN,
            oldest_at=pl.min("api_played_at"),
            newest_at=pl.max("api_played_at"),
        )
        .with_columns(
            source_file=pl.format("raw/recently_played/date={}/polls.jsonl.zst", "date"),
            source_line=pl.col("polled_at").rank("dense"),
        )
    )
