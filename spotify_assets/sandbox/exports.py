"""The files of "download your data": what the exports tell of the listening, and in which words.

What they tell of is elsewhere (``listening``). All that would be personal is invented: addresses
are of a net for examples (RFC 5737).
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from spotify_assets.sandbox.users import USER_ID

PackageName = Literal["extended", "account"]

FOLDERS: dict[PackageName, str] = {
    "extended": "Spotify Extended Streaming History",
    "account": "Spotify Account Data",
}
EXTENDED_ROWS, ACCOUNT_ROWS = 15_700, 10_000
"""Rows of a full file; 15,700 are about 12.5 MB."""
ACCOUNT_DAYS = 365
OLD_FILES_UNTIL = dt.datetime(2016, 1, 1)  # noqa: DTZ001 - UTC, as all times of a history
"""Plays before it are in files of the older generation."""

_ENDED_AT, _STARTED_AT = pl.col("ended_at"), pl.col("started_at")
_KIND, _NAME, _ARTIST = pl.col("kind"), pl.col("name"), pl.col("artist_name")
_IS_OLD = _ENDED_AT < OLD_FILES_UNTIL
_IS_TRACK = _KIND.is_in(["music", "local_file"])
_IS_EPISODE, _IS_CHAPTER = _KIND == "podcast", _KIND == "audiobook"
_ADDRESS = pl.format("203.0.113.{}", _ENDED_AT.dt.epoch("d") % 254 + 1)


@dataclass(frozen=True)
class ExportFile:
    """A file of an export: its name with the folder, and its rows in the order of their keys."""

    package: PackageName
    name: str
    rows: pl.DataFrame

    def json(self) -> bytes:
        """Return the file: an array of objects."""
        return self.rows.write_json().encode()


@dataclass(frozen=True)
class _Sort:
    """A sort of files: which plays it has, what it says of them, and how its files are named.

    ``name`` takes the years (2019 or 2019-2020) and the number of the file, from 0.
    """

    package: PackageName
    rows_a_file: int
    takes: pl.Expr
    says: Sequence[pl.Expr]
    name: Callable[[str, int], str]

    def file(self, plays: pl.DataFrame, number: int) -> ExportFile:
        first, last = plays["ended_at"][0].year, plays["ended_at"][-1].year
        years = f"{first}" if first == last else f"{first}-{last}"
        name = f"{FOLDERS[self.package]}/{self.name(years, number)}"
        return ExportFile(self.package, name, plays.select(self.says))


def files(
    plays: Iterable[pl.DataFrame], packages: Iterable[PackageName], until: dt.datetime
) -> Iterator[ExportFile]:
    """Yield the files of export packages, one at a time.

    Args:
        plays: Chunks of plays that follow each other in time, as ``listening.history`` has them.
        packages: Which packages.
        until: When the exports were asked for (UTC, naive): account data tells of the
            ``ACCOUNT_DAYS`` before it.
    """
    sorts = [sort for package in packages for sort in _sorts(package, until)]
    waiting: dict[int, list[pl.DataFrame]] = {place: [] for place in range(len(sorts))}
    numbers = [0] * len(sorts)
    for chunk in plays:
        for place, sort in enumerate(sorts):
            waiting[place].append(chunk.filter(sort.takes))
            rows = pl.concat(waiting[place])
            while len(rows) >= sort.rows_a_file:
                yield sort.file(rows.head(sort.rows_a_file), numbers[place])
                numbers[place] += 1
                rows = rows.slice(sort.rows_a_file)
            waiting[place] = [rows]
    for place, sort in enumerate(sorts):
        for rows in waiting[place]:
            if not rows.is_empty():
                yield sort.file(rows, numbers[place])


def _sorts(package: PackageName, until: dt.datetime) -> list[_Sort]:
    if package == "extended":
        says = _extended()
        return [
            _Sort(package, EXTENDED_ROWS, _IS_OLD, _old(), lambda _, n: f"endsong_{n}.json"),
            _Sort(
                package,
                EXTENDED_ROWS,
                ~_IS_OLD & ~pl.col("is_video"),
                says,
                lambda years, n: f"Streaming_History_Audio_{years}_{n}.json",
            ),
            _Sort(
                package,
                EXTENDED_ROWS,
                ~_IS_OLD & pl.col("is_video"),
                says,
                lambda years, n: f"Streaming_History_Video_{years}{f'_{n}' if n else ''}.json",
            ),
        ]
    is_recent = _ENDED_AT.ge(until - dt.timedelta(days=ACCOUNT_DAYS))
    return [
        _Sort(
            package,
            ACCOUNT_ROWS,
            is_recent & _IS_TRACK,
            _account("artistName", "trackName"),
            lambda _, n: f"StreamingHistory_music_{n}.json",
        ),
        _Sort(
            package,
            ACCOUNT_ROWS,
            is_recent & _IS_EPISODE,
            _account("podcastName", "episodeName"),
            lambda _, n: f"StreamingHistory_podcast_{n}.json",
        ),
    ]


def _extended() -> list[pl.Expr]:
    return [
        *_beginning(),
        _ADDRESS.alias("ip_addr"),
        *_what(),
        _only(_IS_CHAPTER, _ARTIST).alias("audiobook_title"),
        _only(_IS_CHAPTER, pl.col("book_uri")).alias("audiobook_uri"),
        _only(_IS_CHAPTER, pl.col("uri")).alias("audiobook_chapter_uri"),
        _only(_IS_CHAPTER, _NAME).alias("audiobook_chapter_title"),
        *_how(_STARTED_AT.dt.epoch("s")),
    ]


def _old() -> list[pl.Expr]:
    """Return what older files say; theirs has more that is personal, and no audiobooks."""
    offline_ms = pl.when("offline").then(_STARTED_AT.dt.epoch("ms")).otherwise(0)
    ts, *more = _beginning()
    return [
        ts,
        pl.lit(USER_ID).alias("username"),
        *more,
        _ADDRESS.alias("ip_addr_decrypted"),
        pl.lit("unknown").alias("user_agent_decrypted"),
        *_what(),
        *_how(offline_ms),
    ]


def _beginning() -> list[pl.Expr]:
    return [
        _ENDED_AT.dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias("ts"),
        pl.col("platform"),
        pl.col("ms_played"),
        pl.col("country").alias("conn_country"),
    ]


def _what() -> list[pl.Expr]:
    return [
        _only(_IS_TRACK, _NAME).alias("master_metadata_track_name"),
        _only(_IS_TRACK, _ARTIST).alias("master_metadata_album_artist_name"),
        _only(_IS_TRACK, pl.col("album_name")).alias("master_metadata_album_album_name"),
        _only(_IS_TRACK, pl.col("uri")).alias("spotify_track_uri"),
        _only(_IS_EPISODE, _NAME).alias("episode_name"),
        _only(_IS_EPISODE, _ARTIST).alias("episode_show_name"),
        _only(_IS_EPISODE, pl.col("uri")).alias("spotify_episode_uri"),
    ]


def _how(offline_timestamp: pl.Expr) -> list[pl.Expr]:
    return [
        pl.col("reason_start"),
        pl.col("reason_end"),
        pl.col("shuffle"),
        pl.col("skipped"),
        pl.col("offline"),
        offline_timestamp.alias("offline_timestamp"),
        pl.col("incognito").alias("incognito_mode"),
    ]


def _account(artist: str, name: str) -> list[pl.Expr]:
    is_local = _KIND == "local_file"
    return [
        _ENDED_AT.dt.strftime("%Y-%m-%d %H:%M").alias("endTime"),
        pl.when(is_local).then(pl.lit("Unknown Artist")).otherwise(_ARTIST).alias(artist),
        pl.when(is_local).then(pl.lit("Unknown Track")).otherwise(_NAME).alias(name),
        pl.col("ms_played").alias("msPlayed"),
    ]


def _only(condition: pl.Expr, value: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(value)
