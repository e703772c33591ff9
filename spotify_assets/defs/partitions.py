"""Partitions: genre × day (UTC).

Belongs here: how keys are made and read. Does not belong here: which partitions are due.
"""

import datetime as dt

import dagster as dg

from spotify_assets.lake import GenreDay
from spotify_assets.settings import Settings

GENRES = "genre"

genres = dg.DynamicPartitionsDefinition(name=GENRES)
# The offset makes today a partition: the API answers for now, so today is the day to collect.
days = dg.DailyPartitionsDefinition(
    start_date=Settings().start_date.isoformat(), end_offset=1, timezone="UTC"
)
genre_days = dg.MultiPartitionsDefinition({"date": days, "genre": genres})


def key_of(genre_day: GenreDay) -> dg.MultiPartitionKey:
    """``date|genre``."""
    return dg.MultiPartitionKey({"date": genre_day.date.isoformat(), "genre": genre_day.genre})


def genre_days_of(context: dg.AssetExecutionContext) -> list[GenreDay]:
    """The partitions of a run: one, or all of a range."""
    return sorted(_parse(key) for key in context.partition_keys)


def _parse(key: str) -> GenreDay:
    if not isinstance(key, dg.MultiPartitionKey):
        key = genre_days.get_partition_key_from_str(key)
    by_dimension = key.keys_by_dimension
    return GenreDay(by_dimension["genre"], dt.date.fromisoformat(by_dimension["date"]))
