"""Partitions: genre × day (UTC).

Belongs here: how keys are made and read. Does not belong here: which partitions are due.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

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


# The tags that make a run one of a range of partitions; Dagster exports no names for them.
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
PARTITION = "dagster/partition"
MISSING = "missing"
"""Metadata of a failure: the keys of the partitions that raw does not hold."""


def range_tags(genre: str, first: dt.date, last: dt.date) -> dict[str, str]:
    """The tags of a run over the days of a genre, from the first to the last."""
    return {
        RANGE_START: key_of(GenreDay(genre, first)),
        RANGE_END: key_of(GenreDay(genre, last)),
    }


def genre_days_of_run(tags: Mapping[str, str], instance: dg.DagsterInstance) -> list[GenreDay]:
    """The partitions that a run is of, as its tags say; none where it has none."""
    if PARTITION in tags:
        return [parse_key(tags[PARTITION])]
    if RANGE_START not in tags:
        return []
    first, last = parse_key(tags[RANGE_START]), parse_key(tags[RANGE_END])
    genres = _between(first.genre, last.genre, instance.get_dynamic_partitions(GENRES))
    number = (last.date - first.date).days + 1
    return [
        GenreDay(genre, first.date + dt.timedelta(days=n))
        for genre in genres
        for n in range(number)
    ]


def _between(first: str, last: str, known: Sequence[str]) -> Sequence[str]:
    """The genres of a range, which is a rectangle, in the order in which they were registered."""
    if first == last:
        return [first]
    if first not in known or last not in known:
        # One was taken off Dagster's list since: which others there were, nobody knows any more.
        return []
    return known[known.index(first) : known.index(last) + 1]


def genre_days_of(context: dg.AssetExecutionContext) -> list[GenreDay]:
    """The partitions of a run: one, or all of a range."""
    return sorted(parse_key(key) for key in context.partition_keys)


def stretches(days: Iterable[GenreDay]) -> list[tuple[str, dt.date, dt.date]]:
    """The days of each genre as runs without a gap, the newest first: ``(genre, first, last)``."""
    found: list[tuple[str, dt.date, dt.date]] = []
    for day in sorted(set(days), key=lambda day: (day.genre, day.date)):
        if found:
            genre, first, last = found[-1]
            if genre == day.genre and day.date - last == dt.timedelta(days=1):
                found[-1] = (genre, first, day.date)
                continue
        found.append((day.genre, day.date, day.date))
    return sorted(found, key=lambda one: (one[2], one[0]), reverse=True)


def parse_key(key: str) -> GenreDay:
    """The partition of ``date|genre``."""
    if not isinstance(key, dg.MultiPartitionKey):
        key = genre_days.get_partition_key_from_str(key)
    by_dimension = key.keys_by_dimension
    return GenreDay(by_dimension["genre"], dt.date.fromisoformat(by_dimension["date"]))


def not_held(missing: Mapping[GenreDay, str]) -> dg.Failure:
    """The failure of a run because raw does not hold some of its days, each with the reason.

    A range fails as a whole, so that none of these days looks as if it had been made; a sensor then
    runs the others without them.
    """
    return dg.Failure(
        "\n".join(missing.values()),
        metadata={MISSING: dg.MetadataValue.json([key_of(day) for day in missing])},
        allow_retries=False,
    )
