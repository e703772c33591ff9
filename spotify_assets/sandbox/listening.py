"""The truth of an invented listener: every play there was, and what the API makes of it.

A day's plays are a pure function of the listener, the day and the repertoire. So the API can tell
of the last hours without the years before them, and an export over a range of days tells of the
same plays. What does not belong here: what can be played (``repertoire``), the words of the API
(``recently_played``) and of the exports (``exports``).
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Annotated, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from spotify_assets.sandbox.draws import Floats, Keys, below, numbers, uniform
from spotify_assets.sandbox.repertoire import Repertoire

Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]

MIN_REPORTED_MS = 30_000
"""The API reports no play below this; it is also what Spotify counts as a stream."""
FIRST_DAY = dt.date(2008, 10, 7)
"""Nobody listened before: Spotify opened then."""
MAX_PLAYS_A_DAY = 2000
MARKS_SKIPS_FROM = dt.datetime(2015, 4, 1)  # noqa: DTZ001 - UTC, as all times of a history
MARKS_SKIPS_AGAIN_FROM = dt.datetime(2022, 11, 1)  # noqa: DTZ001
"""Before the first, ``skipped`` is null; between the two, always false."""

_PLAYS_AT_ONCE = 200_000  # a chunk takes about a quarter of a GiB
_EPOCH = dt.date(1970, 1, 1).toordinal()
_DAY_MS, _HOUR_MS = 86_400_000, 3_600_000
# A listener's day begins at six in the morning, local time (UTC-3), when nobody plays anything: so
# a play after midnight, local or UTC, is of the evening before, and days never overlap.
_DAY_BEGINS_MS = 9 * _HOUR_MS

_WEEKDAY_FACTOR, _WEEKEND_FACTOR = 0.9, 1.4
_SILENT_DAYS, _QUIET_WEEKS, _QUIET_FACTOR = 0.03, 0.05, 0.05
_MAX_A_DAY = 6000  # more than any factor makes of MAX_PLAYS_A_DAY

# On a lane one thing is played after the other; lanes overlap. There is one, as a rule.
_PLAYS_A_LANE, _SECOND_LANES = 120, 0.1
_MAX_LANES = 64
_PLAYS_A_SESSION = 14

_EVENINGS = 0.65
_HOME, _ABROAD = "BR", ("PT", "AR", "JP", "US", "ES")
_MIN_HOLIDAY, _MAX_HOLIDAY = 7, 21

_FAVOURITES = 600
"""Places on the list of favourite artists; the one on the n-th is played about 1/n as often."""
_MIN_FAVOUR, _MAX_FAVOUR = 120, 1200  # days
_REPEATS = 0.05

# Tracks, music videos, podcasts, audiobooks, local files; and when Spotify began to have them.
_KIND_SHARES = (0.942, 0.006, 0.032, 0.006, 0.014)
_KINDS_SINCE = (
    FIRST_DAY,
    dt.date(2017, 1, 1),
    dt.date(2015, 7, 1),
    dt.date(2022, 12, 1),
    FIRST_DAY,
)

_DEVICES = (
    (dt.date(2016, 1, 1), "Windows 7 (6.1.7601; x86)", "Android OS 4.4.2 API 19 (LGE, Nexus 5)"),
    (
        dt.date(2022, 1, 1),
        "Windows 10 (10.0.18362; x64)",
        "Android OS 9 API 28 (samsung, SM-G960F)",
    ),
    (dt.date.max, "windows", "android"),
)
"""Until when, and the names of the two devices."""


class _Ending(NamedTuple):
    """How a play ends: its share, Spotify's word, and how far it gets."""

    share: float
    reason: str
    gets: str


_ENDINGS = (
    _Ending(0.710, "trackdone", "to the end"),
    _Ending(0.078, "fwdbtn", "nowhere"),
    _Ending(0.010, "backbtn", "nowhere"),
    _Ending(0.006, "nextbtn", "nowhere"),
    _Ending(0.020, "endplay", "nowhere"),
    _Ending(0.007, "logout", "nowhere"),
    _Ending(0.006, "unexpected-exit-while-paused", "nowhere"),
    _Ending(0.005, "trackerror", "nowhere"),
    _Ending(0.080, "fwdbtn", "some way"),
    _Ending(0.008, "backbtn", "some way"),
    _Ending(0.050, "endplay", "some way"),
    _Ending(0.010, "logout", "some way"),
    _Ending(0.005, "unexpected-exit", "some way"),
    _Ending(0.005, "remote", "some way"),
)
_SKIPS = ("fwdbtn", "backbtn", "nextbtn")
_STARTS = ("clickrow", "playbtn", "appload", "remote")
_FOLLOWS = {"trackdone": "trackdone", "backbtn": "backbtn", "fwdbtn": "fwdbtn", "nextbtn": "fwdbtn"}
"""Why a play begins after one that ended so; after any other, somebody chose it."""

_MIN_PLAY_MS, _MAX_PAUSE_MS, _PAUSES = 1000, 45_000, 0.03
_MIN_GAP_MS, _MAX_GAP_MS = 200, 2500
_PRIVATE_SESSIONS, _OFFLINE_SESSIONS, _SHUFFLED_SESSIONS = 0.02, 0.06, 0.45

_JITTER_MS = 3000
_SOONEST_S, _LATEST_S = 60, 6 * 3600


class Listener(BaseModel):
    """Who listens, and how well the API notices.

    Attributes:
        seed: Which listener.
        plays_a_day: About how many plays there are a day; above some 200, several devices play at
            the same time.
        lost_share: Share of the plays that the API never reports.
        start_share: Share of the plays whose ``played_at`` is their start instead of their end.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    seed: int = 1
    plays_a_day: Annotated[float, Field(gt=0, le=MAX_PLAYS_A_DAY)] = 60.0
    lost_share: Annotated[float, Field(ge=0, le=1)] = 0.05
    start_share: Annotated[float, Field(ge=0, le=1)] = 0.3


def history(
    listener: Listener, repertoire: Repertoire, since: dt.datetime, until: dt.datetime
) -> Iterator[pl.DataFrame]:
    """Yield the plays that end in a span of time (UTC, naive; ``until`` is not in it), in chunks.

    The chunks follow each other in time; ``plays`` says what is in them.
    """
    first = since.date().toordinal() - 1
    days = np.arange(first, until.date().toordinal() + 1)
    at_once = np.cumsum(play_counts(listener, days)) // _PLAYS_AT_ONCE
    for part in np.split(days, np.flatnonzero(np.diff(at_once)) + 1):
        chunk = plays(listener, repertoire, part)
        yield chunk.filter(pl.col("ended_at").is_between(since, until, closed="left"))


def since_when(
    listener: Listener, repertoire: Repertoire, until: dt.datetime, number: int
) -> dt.datetime:
    """Return since when the listener has made so many plays until then.

    Raises:
        ValueError: There are not so many since ``FIRST_DAY``; see ``eager_enough``.
    """
    days = _days_before(until)
    made = np.cumsum(play_counts(listener, days))
    if not len(made) or made[-1] < number:
        raise ValueError(f"The listener made fewer than {number} plays since {FIRST_DAY}.")
    first = dt.date.fromordinal(int(days[np.searchsorted(made, number)]))
    chunks = history(listener, repertoire, dt.datetime.combine(first, dt.time()), until)
    ends = pl.concat(chunk["ended_at"] for chunk in chunks)
    when: dt.datetime = ends[-number]
    return when


def eager_enough(listener: Listener, until: dt.datetime, number: int) -> Listener:
    """Return the listener; one who plays more a day if there are fewer plays since ``FIRST_DAY``.

    Raises:
        ValueError: Nobody plays so much.
    """
    days = _days_before(until)
    while (made := int(play_counts(listener, days).sum())) < number:
        plays_a_day = listener.plays_a_day * 1.05 * number / max(made, 1)
        if plays_a_day > MAX_PLAYS_A_DAY:
            raise ValueError(
                f"{number} plays are too many until {until:%Y-%m-%d}: nobody listened before "
                f"{FIRST_DAY}, or makes more than {MAX_PLAYS_A_DAY} plays a day."
            )
        listener = listener.model_copy(update={"plays_a_day": plays_a_day})
    return listener


def _days_before(until: dt.datetime) -> Numbers:
    """Return the listener's days that are over by then, the last one first."""
    return np.arange(until.toordinal() - 2, FIRST_DAY.toordinal() - 1, -1)


def play_counts(listener: Listener, days: Numbers) -> Numbers:
    """Return how many plays there are on each day (proleptic ordinals, as ``date.toordinal``)."""
    keys = _keys(days, f"{listener.seed} day")
    weeks = _keys((days - 1) // 7, f"{listener.seed} week")
    factor = np.where(_is_weekend(days), _WEEKEND_FACTOR, _WEEKDAY_FACTOR)
    factor *= 0.3 + 1.4 * uniform(keys, "plays")
    factor *= np.where(uniform(weeks, "quiet") < _QUIET_WEEKS, _QUIET_FACTOR, 1)
    factor *= uniform(keys, "silent") >= _SILENT_DAYS
    return np.minimum(np.rint(listener.plays_a_day * factor), _MAX_A_DAY).astype(np.int64)


def plays(listener: Listener, repertoire: Repertoire, days: Numbers) -> pl.DataFrame:
    """Return the plays of the listener's days, in the order of their ends.

    Args:
        listener: Who plays.
        repertoire: What there is to be played.
        days: Consecutive days as proleptic ordinals; each begins at 09:00 UTC.

    Returns:
        A row a play: ``started_at``, ``ended_at`` (UTC, to the millisecond), ``ms_played``, the
        columns of the repertoire, ``reason_start``, ``reason_end``, ``shuffle``, ``skipped``
        (Spotify's mark, null before ``MARKS_SKIPS_FROM``), ``offline``, ``incognito``,
        ``platform``, ``country``; and of the API ``api_is_lost``, ``api_is_start``,
        ``api_delay_s``, ``api_played_at`` and ``api_seen_at``, the last two null where it never
        reports the play.
    """
    drawn = _Drawn.of(listener, days)
    item = _items(repertoire, drawn)
    ending, listened = _endings(drawn, repertoire.items["duration_ms"].to_numpy()[item])
    ended, pause = _ends(drawn, listened)
    frame = pl.DataFrame(
        {
            "started_at": _moments(ended - listened - pause),
            "ended_at": _moments(ended),
            "ms_played": listened,
        }
    ).hstack(repertoire.items[item])
    frame = frame.with_columns(
        _reasons_to_start(drawn, ending).alias("reason_start"),
        _words([one.reason for one in _ENDINGS], ending).alias("reason_end"),
    )
    frame = frame.with_columns(_circumstances(drawn)).with_columns(_skip_mark())
    frame = frame.with_columns(_noticed(listener, drawn)).with_columns(_reported())
    return frame.drop("jitter_ms").sort("ended_at", "started_at", maintain_order=True)


class _Drawn(NamedTuple):
    """What plays are drawn from, a row a play; before they are sorted, lane after lane.

    ``lane_start`` and ``session_start`` are the rows of the first play of its lane and session.
    """

    day: Numbers
    keys: Keys
    lane: Numbers
    lane_start: Numbers
    session_start: Numbers
    seed: int

    @classmethod
    def of(cls, listener: Listener, days: Numbers) -> "_Drawn":
        sizes = play_counts(listener, days)
        day = np.repeat(days, sizes)
        place = np.arange(len(day)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        keys = _keys(day * _MAX_A_DAY + place, f"{listener.seed} play")
        lane = place * np.repeat(_lanes(listener, days, sizes), sizes) // np.repeat(sizes, sizes)
        starts_lane = (place == 0) | (np.diff(lane, prepend=0) != 0)
        starts_session = starts_lane | (uniform(keys, "session") < 1 / _PLAYS_A_SESSION)
        return cls(day, keys, lane, _latest(starts_lane), _latest(starts_session), listener.seed)

    @property
    def rows(self) -> Numbers:
        return np.arange(len(self.keys))

    @property
    def lane_number(self) -> Numbers:
        """The lanes of all days, numbered from 0."""
        return np.cumsum(self.lane_start == self.rows) - 1

    @property
    def session_keys(self) -> Keys:
        return self.keys[self.session_start]


def _lanes(listener: Listener, days: Numbers, sizes: Numbers) -> Numbers:
    has_second = uniform(_keys(days, f"{listener.seed} day"), "second lane") < _SECOND_LANES
    return np.clip(-(-sizes // _PLAYS_A_LANE) + has_second, 1, _MAX_LANES)


def _items(repertoire: Repertoire, drawn: _Drawn) -> Numbers:
    """Return the row in the repertoire of what is played."""
    day, keys = drawn.day, drawn.keys
    kind = _by_share(_KIND_SHARES, uniform(keys, "kind"))
    since = np.array([day.toordinal() for day in _KINDS_SINCE])
    kind[day < since[kind]] = 0
    item = _favourite_tracks(repertoire, drawn)
    places = (repertoire.videos, repertoire.episodes, repertoire.chapters, repertoire.local_files)
    for code, place in enumerate(places, start=1):
        rows = np.flatnonzero(kind == code)
        item[rows] = place.first + _zipf(place.size, uniform(keys[rows], "item"))
    is_repeat = (uniform(keys, "repeat") < _REPEATS) & (drawn.session_start != drawn.rows)
    return item[_latest(~is_repeat)]


def _favourite_tracks(repertoire: Repertoire, drawn: _Drawn) -> Numbers:
    """Draw a place on the list of favourites, see who is on it that day, and draw a track."""
    artists = repertoire.of_artist
    place = _zipf(_FAVOURITES, uniform(drawn.keys, "favourite"))
    place_keys = _keys(place, f"{drawn.seed} favourite")
    lasts = _MIN_FAVOUR + below(place_keys, "lasts", _MAX_FAVOUR - _MIN_FAVOUR)
    turn = (drawn.day + below(place_keys, "turn", _MAX_FAVOUR)) // lasts
    artist = below(place_keys + turn.astype(np.uint64), "artist", len(artists))
    track = _zipf(artists.lengths_of(artist), uniform(drawn.keys, "track"))
    return np.asarray(artists.values[artists.starts[artist] + track], dtype=np.int64)


def _endings(drawn: _Drawn, duration_ms: Numbers) -> tuple[Numbers, Numbers]:
    """Return how each play ends (a position in ``_ENDINGS``), and for how many ms it lasts."""
    ending = _by_share([one.share for one in _ENDINGS], uniform(drawn.keys, "ending"))
    gets = np.array([one.gets for one in _ENDINGS])[ending]
    how_far = uniform(drawn.keys, "how far")
    # What the stamp below adds is kept free.
    shortest_long = MIN_REPORTED_MS + _MAX_LANES
    lasts = np.select(
        [gets == "nowhere", gets == "some way"],
        [
            _MIN_PLAY_MS + how_far * (MIN_REPORTED_MS - _MIN_PLAY_MS - 2 * _MAX_LANES),
            shortest_long + how_far * np.maximum(duration_ms - shortest_long, 0),
        ],
        duration_ms,
    )
    lasts = np.clip(lasts, _MIN_PLAY_MS, np.maximum(duration_ms, _MIN_PLAY_MS))
    # Nobody listens for more than a day a day, whatever the catalog has.
    lane = drawn.lane_number
    in_lane = np.bincount(lane, weights=lasts)
    lasts *= np.minimum(1, 0.9 * _DAY_MS / np.maximum(in_lane, 1))[lane]
    # As a play is known by its second, what was played and for how long, two lanes never agree.
    return ending, lasts.astype(np.int64) // _MAX_LANES * _MAX_LANES + drawn.lane


def _ends(drawn: _Drawn, listened: Numbers) -> tuple[Numbers, Numbers]:
    """Return when each play ends (Unix ms), and for how long it was paused."""
    keys, lane = drawn.keys, drawn.lane_number
    pause = (uniform(keys, "pauses") < _PAUSES) * below(keys, "pause", _MAX_PAUSE_MS)
    gap = _MIN_GAP_MS + below(keys, "gap", _MAX_GAP_MS - _MIN_GAP_MS)
    busy = gap + pause + listened
    first = np.flatnonzero(drawn.lane_start == drawn.rows)
    room = _DAY_MS - np.bincount(lane, weights=busy).astype(np.int64)
    free = np.minimum((0.5 + 6.5 * uniform(keys[first], "free")) * _HOUR_MS, room)
    begins = np.minimum(_first_hours(drawn.day[first], keys[first]) * _HOUR_MS, room - free)
    # The free time lies between the sessions.
    is_break = (drawn.session_start == drawn.rows) & (drawn.lane_start != drawn.rows)
    weight = is_break * (0.3 + uniform(keys, "break"))
    part = weight / np.maximum(np.bincount(lane, weights=weight), 0.1)[lane]
    step = busy + (part * free[lane]).astype(np.int64)
    done = np.cumsum(step)
    within = done - (done - step)[drawn.lane_start]
    midnight = (drawn.day - _EPOCH) * _DAY_MS
    return midnight + _DAY_BEGINS_MS + begins[lane].astype(np.int64) + within, pause


def _first_hours(day: Numbers, keys: Keys) -> Floats:
    """Return when the music begins, in hours from the beginning of the listener's day."""
    drawn = uniform(keys, "first hour")
    evening, morning, weekend = 11 + 3 * drawn, 1 + 3 * drawn, 3 + 9 * drawn
    is_evening = uniform(keys, "evening") < _EVENINGS
    return np.where(_is_weekend(day), weekend, np.where(is_evening, evening, morning))


def _reasons_to_start(drawn: _Drawn, ending: Numbers) -> pl.Series:
    follows = [_FOLLOWS.get(one.reason, _STARTS[0]) for one in _ENDINGS]
    chosen = len(follows) + below(drawn.keys, "reason to start", len(_STARTS))
    starts_session = drawn.session_start == drawn.rows
    return _words([*follows, *_STARTS], np.where(starts_session, chosen, np.roll(ending, 1)))


def _circumstances(drawn: _Drawn) -> list[pl.Series]:
    session = drawn.session_keys
    era = np.searchsorted([until.toordinal() for until, *_ in _DEVICES], drawn.day, side="right")
    device = (below(drawn.keys[drawn.lane_start], "device", 2) + drawn.lane) % 2
    devices = [name for _, *two in _DEVICES for name in two]
    return [
        pl.Series("shuffle", uniform(session, "shuffle") < _SHUFFLED_SESSIONS),
        pl.Series("offline", uniform(session, "offline") < _OFFLINE_SESSIONS),
        pl.Series("incognito", uniform(session, "incognito") < _PRIVATE_SESSIONS),
        _words(devices, 2 * era + device).alias("platform"),
        _words([_HOME, *_ABROAD], _abroad(drawn)).alias("country"),
    ]


def _abroad(drawn: _Drawn) -> Numbers:
    """Return where each play is made: 0 at home, else the country of the year's holiday."""
    dates = (drawn.day - _EPOCH).astype("datetime64[D]")
    years = dates.astype("datetime64[Y]")
    day_of_year = (dates - years).astype(np.int64)
    keys = _keys(years.astype(np.int64) + 1970, f"{drawn.seed} year")
    lasts = _MIN_HOLIDAY + below(keys, "lasts", _MAX_HOLIDAY - _MIN_HOLIDAY)
    begins = below(keys, "holiday", 365 - lasts)
    is_holiday = (begins <= day_of_year) & (day_of_year < begins + lasts)
    return np.where(is_holiday, 1 + below(keys, "country", len(_ABROAD)), 0)


def _skip_mark() -> pl.Expr:
    ended_at = pl.col("ended_at")
    return (
        pl.when(ended_at < MARKS_SKIPS_FROM)
        .then(None)
        .otherwise((ended_at >= MARKS_SKIPS_AGAIN_FROM) & pl.col("reason_end").is_in(list(_SKIPS)))
        .alias("skipped")
    )


def _noticed(listener: Listener, drawn: _Drawn) -> list[pl.Series]:
    """Return what the API makes of each play."""
    keys = drawn.keys
    # Most plays come within minutes, a few after hours.
    delay = _SOONEST_S * (_LATEST_S / _SOONEST_S) ** (uniform(keys, "delay") ** 3)
    return [
        pl.Series("api_is_lost", uniform(keys, "lost") < listener.lost_share),
        pl.Series("api_is_start", uniform(keys, "is start") < listener.start_share),
        pl.Series("api_delay_s", delay.astype(np.int64)),
        pl.Series("jitter_ms", below(keys, "jitter", 2 * _JITTER_MS + 1) - _JITTER_MS),
    ]


def _reported() -> list[pl.Expr]:
    """Return the time that the API gives for a play, and when it first does; null for never."""
    column = pl.col
    is_reported = (
        (column("kind") == "music")
        & ~column("is_video")
        & (column("ms_played") >= MIN_REPORTED_MS)
        & ~column("api_is_lost")
    )
    meant = pl.when("api_is_start").then("started_at").otherwise("ended_at")
    seen_at = column("ended_at") + pl.duration(seconds="api_delay_s", time_unit="ms")
    played_at = meant + pl.duration(milliseconds="jitter_ms", time_unit="ms")
    return [
        pl.when(is_reported).then(played_at).alias("api_played_at"),
        pl.when(is_reported).then(seen_at).alias("api_seen_at"),
    ]


def _keys(values: Numbers, purpose: str) -> Keys:
    return numbers(values.astype(np.uint64), purpose)


def _is_weekend(days: Numbers) -> Flags:
    # Day 1 of the calendar is a Monday.
    return (days - 1) % 7 >= 5  # noqa: PLR2004


def _latest(marks: Flags) -> Numbers:
    """Return for each row the last marked one up to it."""
    return np.maximum.accumulate(np.where(marks, np.arange(len(marks)), 0))


def _by_share(shares: Sequence[float], drawn: Floats) -> Numbers:
    """Turn numbers in [0, 1) into positions that each have their share."""
    return np.searchsorted(np.cumsum(shares)[:-1], drawn, side="right")


def _zipf(size: int | Numbers, drawn: Floats) -> Numbers:
    """Turn numbers in [0, 1) into positions below ``size``, the n-th with a weight of about 1/n."""
    position = ((size + 1.0) ** drawn).astype(np.int64) - 1
    return np.minimum(position, size - 1)


def _words(words: Sequence[str], positions: Numbers) -> pl.Series:
    return pl.Series(words).gather(positions)


def _moments(unix_ms: Numbers) -> pl.Series:
    return pl.Series(unix_ms).cast(pl.Datetime("ms"))
