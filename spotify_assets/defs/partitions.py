"""Partitions: genre × day (UTC).

Belongs here: how keys are made and read. Does not belong here: which partitions are due.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from spotify_assets.defs.at_load import AT_LOAD
from spotify_assets.lake import GenreDay
from spotify_assets.storage.errors import ProjectError

GENRES = "genre"
ONE_DAY = dt.timedelta(days=1)

genres = dg.DynamicPartitionsDefinition(name=GENRES)
# The offset makes today a partition: the API answers for now, so today is the day to collect.
days = dg.DailyPartitionsDefinition(
    start_date=AT_LOAD.start_date.isoformat(), end_offset=1, timezone="UTC"
)
# The tags by which Dagster knows what a run is of; it exports no names for them.
PARTITION = "dagster/partition"
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
BY_DIMENSION = f"{PARTITION}/"
"""What the tags begin with that name the date and the genre of a single partition."""


class UnclearPartitions(ProjectError):
    """It is not clear which genre-days a run is of; nothing was made."""


class GenreDays(dg.MultiPartitionsDefinition):
    """Genre × day, whose keys become one tag of a run and not one of each dimension besides.

    A backfill of a job gives all its runs the tags of its first partition, and puts the range of
    each over them, but not over the dimensions. Dagster heeds these first: every run would make
    the first partition only, and succeed (dagster-io/dagster#28861).
    """

    def get_tags_for_partition_key(self, partition_key: str) -> dict[str, str]:
        """The tag of a run of this partition."""
        return {PARTITION: partition_key}


genre_days = GenreDays({"date": days, "genre": genres})


def key_of(genre_day: GenreDay) -> dg.MultiPartitionKey:
    """``date|genre``."""
    return dg.MultiPartitionKey({"date": genre_day.date.isoformat(), "genre": genre_day.genre})


def dimensions(genre_day: GenreDay) -> dict[str, str]:
    """Tags by which the UI finds the runs of a genre, or of a day; of a single partition only."""
    keys = key_of(genre_day).keys_by_dimension
    return {f"{BY_DIMENSION}{name}": key for name, key in keys.items()}


MAX_NAMED = 3
"""Genres of a run that its tag names one by one."""


@dataclass(frozen=True)
class PartitionRange:
    """Genre-days that one run can be of: neighbours on Dagster's list of genres × some days."""

    genres: tuple[str, ...]
    first: dt.date
    last: dt.date

    def __str__(self) -> str:
        """For messages."""
        return f"{', '.join(self.genres)} {self.first}..{self.last}"

    @property
    def days(self) -> int:
        """How many genre-days it has."""
        return len(self.genres) * ((self.last - self.first).days + 1)

    @property
    def labels(self) -> dict[str, str]:
        """Tags of a run over it that people read."""
        genres, first, last = self.genres, self.first, self.last
        return {
            "genre": ", ".join(genres) if len(genres) <= MAX_NAMED else f"{len(genres)} genres",
            "day": f"{first}" if first == last else f"{first}..{last}",
        }

    @property
    def tags(self) -> dict[str, str]:
        """Those of a run over it."""
        return {
            **self.labels,
            RANGE_START: key_of(GenreDay(self.genres[0], self.first)),
            RANGE_END: key_of(GenreDay(self.genres[-1], self.last)),
        }


def genre_days_of_run(tags: Mapping[str, str], instance: dg.DagsterInstance) -> list[GenreDay]:
    """The partitions that a run is of, as its tags say; none where it has none, or they disagree.

    A run whose tags disagree makes nothing (`genre_days_of`).
    """
    return _agreed(_named(tags, instance)) or []


def _named(tags: Mapping[str, str], instance: dg.DagsterInstance) -> dict[str, list[GenreDay]]:
    """The genre-days that the tags of a run name, by kind of tag; of which there may be several."""
    named: dict[str, list[GenreDay]] = {}
    # The polls of what was played have days alone.
    if "|" in (key := tags.get(PARTITION, "")):
        named["partition"] = _rectangle(key, key, instance)
    first, last = tags.get(RANGE_START, ""), tags.get(RANGE_END, "")
    if "|" in first + last:
        named["range"] = _rectangle(first, last, instance)
    if any(tag.startswith(BY_DIMENSION) for tag in tags):
        key = "|".join(tags.get(f"{BY_DIMENSION}{name}", "") for name in ("date", "genre"))
        named["dimensions"] = _rectangle(key, key, instance)
    return named


def _agreed(named: Mapping[str, list[GenreDay]]) -> list[GenreDay] | None:
    """What all kinds of tags name; ``None`` where there are none, or they do not agree."""
    found = list(named.values())
    return found[0] if found and all(other == found[0] for other in found) else None


def _rectangle(first_key: str, last_key: str, instance: dg.DagsterInstance) -> list[GenreDay]:
    """All genre-days of a range, in order; none if its ends are no partitions."""
    try:
        first, last = parse_key(first_key), parse_key(last_key)
    except ValueError:
        return []
    known = [] if first.genre == last.genre else instance.get_dynamic_partitions(GENRES)
    number = (last.date - first.date).days + 1
    return sorted(
        GenreDay(genre, first.date + n * ONE_DAY)
        for genre in _between(first.genre, last.genre, known)
        for n in range(number)
    )


def _between(first: str, last: str, known: Sequence[str]) -> Sequence[str]:
    """The genres of a range, which is a rectangle, in the order in which they were registered."""
    if first == last:
        return [first]
    if first not in known or last not in known:
        # One was taken off Dagster's list since: which others there were, nobody knows any more.
        return []
    return known[known.index(first) : known.index(last) + 1]


def genre_days_of(context: dg.AssetExecutionContext) -> list[GenreDay]:
    """The partitions of a run: one, or all of a range. Ask before anything is written.

    Raises:
        UnclearPartitions: The tags name none or do not agree, or Dagster would enter others as
            made.
    """
    days = genre_days_to_check(context.run.tags, context.instance)
    if not days:
        raise UnclearPartitions(
            "This run is of no genre-day, so nothing was made. Launch it again, and choose "
            "partitions."
        )
    entered = sorted(parse_key(key) for key in context.partition_keys)
    if entered != days:
        raise _unclear({"tags": days, "Dagster": entered})
    return days


def genre_days_to_check(tags: Mapping[str, str], instance: dg.DagsterInstance) -> list[GenreDay]:
    """The partitions that a run with these tags is of; none where it has none.

    Raises:
        UnclearPartitions: The tags do not agree, or name no partition that there is.
    """
    named = _named(tags, instance)
    days = _agreed(named)
    if named and not days:
        raise _unclear(named)
    return days or []


def _unclear(named: Mapping[str, Sequence[GenreDay]]) -> UnclearPartitions:
    said = "; ".join(f"{who}: {_summary(days)}" for who, days in named.items())
    return UnclearPartitions(
        f"It is unclear which genre-days this run is of ({said}), so nothing was made. "
        "Do not execute this run again: launch the genre-days again, in the UI or with "
        "`spotify-assets backfill`."
    )


def _summary(days: Sequence[GenreDay]) -> str:
    if not days:
        return "none"
    return str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]}, {len(days)} in all"


MAX_OF_A_RUN = 200
"""Genre-days that one run makes: they share a process, its memory and one publication."""


def partition_ranges(
    instance: dg.DagsterInstance, days: Sequence[GenreDay]
) -> list[PartitionRange]:
    """A run for each, and together they are of just these genre-days; the newest days first.

    Genres that Dagster does not know, or has forgotten, as after a new DAGSTER_HOME, it knows then.
    """
    instance.add_dynamic_partitions(GENRES, list(dict.fromkeys(day.genre for day in days)))
    known = instance.get_dynamic_partitions(GENRES)
    return in_rectangles(days, known, MAX_OF_A_RUN)


def in_rectangles(
    days: Iterable[GenreDay], known: Sequence[str], most: int
) -> list[PartitionRange]:
    """The same, of at most so many genre-days each, where Dagster's list of genres is ``known``."""
    place = {genre: number for number, genre in enumerate(known)}
    alike: dict[tuple[dt.date, dt.date], list[str]] = defaultdict(list)
    for genre, first, last in _stretches(days):
        alike[first, last].append(genre)
    found = [
        part
        for (first, last), genres in alike.items()
        for neighbours in _neighbours(sorted(genres, key=place.__getitem__), place, most)
        for part in _parts(neighbours, first, last, most)
    ]
    return sorted(found, key=lambda one: (one.last, one.first), reverse=True)


def _stretches(days: Iterable[GenreDay]) -> list[tuple[str, dt.date, dt.date]]:
    """The days of each genre as runs without a gap: ``(genre, first, last)``."""
    found: list[tuple[str, dt.date, dt.date]] = []
    for day in sorted(set(days), key=lambda day: (day.genre, day.date)):
        if found:
            genre, first, last = found[-1]
            if genre == day.genre and day.date - last == ONE_DAY:
                found[-1] = (genre, first, day.date)
                continue
        found.append((day.genre, day.date, day.date))
    return found


def _neighbours(
    genres: Sequence[str], place: Mapping[str, int], most: int
) -> Iterator[tuple[str, ...]]:
    """Genres without another between them on Dagster's list, at most so many at a time."""
    together: list[str] = []
    for genre in genres:
        if together and (place[genre] != place[together[-1]] + 1 or len(together) == most):
            yield tuple(together)
            together = []
        together.append(genre)
    yield tuple(together)


def _parts(
    genres: tuple[str, ...], first: dt.date, last: dt.date, most: int
) -> Iterator[PartitionRange]:
    step = max(1, most // len(genres)) * ONE_DAY
    while last >= first:
        begin = max(first, last - step + ONE_DAY)
        yield PartitionRange(genres, begin, last)
        last = begin - ONE_DAY


def parse_key(key: str) -> GenreDay:
    """The partition of ``date|genre``.

    Raises:
        ValueError: It is no such key.
    """
    date, _, genre = key.partition("|")
    if not genre or "|" in genre:
        raise ValueError(f"{key} is no partition of genre and day.")
    return GenreDay(genre, dt.date.fromisoformat(date))
