"""Contracts of the listening history: what was played, when, and how that is known.

Belongs here: the tables of plays in all layers. Does not belong here: the catalog.
"""

import polars as pl

from spotify_assets.schemas import columns as c
from spotify_assets.schemas.contract import Contract, Stage

PACKAGES = ["extended", "account"]
MEDIA = ["audio", "video", "music", "podcast", "audiobook"]
ITEM_KINDS = ["music", "podcast", "audiobook", "local_file"]
SOURCES = ["extended", "account", "api"]
CLASSES = ["counted", "short", "skipped", "podcast", "audiobook", "local_file", "incognito"]
COVERAGES = ["complete", "polled", "partial", "unknown"]
MAX_PLAY_MS = 24 * 3600 * 1000
"""No play is longer than a day."""


class Streams(
    Contract,
    table="processed.streams",
    grain="one row of an export file",
    key=("file_id", "position"),
    stage=Stage.LAKE_ONLY,
):
    """Every readable row of every export file, also where it repeats another.

    A Parquet file of the lake for each export file; its plays are in `star.fact_play`.
    """

    file_id: str = c.file_id()
    position: pl.Int32 = c.position("Place in the file's array, from 1.")
    package: str = c.one_of(PACKAGES, "Which of Spotify's packages the file belongs to.")
    kind: str = c.one_of(ITEM_KINDS, "What was played.")
    is_video: bool = c.text("From a file of videos.")
    account: str = c.account()
    ended_at: c.Moment = c.moment(
        "When the play ended, to the second; in account data to the minute, rounded down"
    )
    uri: str = c.text("Spotify URI of the track, episode or chapter.", nullable=True)
    track_id: str = c.spotify_id("track", nullable=True)
    name: str = c.name("track, episode or chapter", nullable=True)
    artist_name: str = c.name("artist, show or audiobook", nullable=True)
    album_name: str = c.name("album", nullable=True)
    ms_played: pl.Int64 = c.column(
        ge=0, le=MAX_PLAY_MS, description="For how long it was played, in milliseconds."
    )
    reason_start: str = c.text("Why it began, in Spotify's words.", nullable=True)
    reason_end: str = c.text("Why it ended, in Spotify's words.", nullable=True)
    is_shuffle: bool = c.text("Played in shuffle mode.", nullable=True)
    is_skipped: bool = c.text(
        "Spotify's own mark of a skip; null in old files, false from April 2015 to October 2022.",
        nullable=True,
    )
    is_offline: bool = c.text("Played without a connection.", nullable=True)
    is_incognito: bool = c.text("Played in a private session.", nullable=True)
    offline_at: c.Moment = c.moment("When it was played offline, as the device says", nullable=True)
    platform: str = c.text("Platform, as Spotify gives it.", nullable=True)
    country: str = c.text("Country (ISO 3166-1 alpha-2) of the connection.", nullable=True)


class Plays(
    Contract,
    table="processed.plays",
    grain="one play that the API reported on a day of polls",
    key=("date", "played_at", "track_id"),
    stage=Stage.LISTENING,
):
    """What the polls of a day said was played; a play is seen by the polls of several days."""

    date: pl.Date = c.column(description="Day (UTC) of the polls.")
    played_at: c.Moment = c.moment(
        "When it was played, as the API gives it: the start or the end of the play"
    )
    track_id: str = c.spotify_id("track")
    name: str = c.name("track")
    artist_id: str = c.spotify_id("main artist", nullable=True)
    artist_name: str = c.name("main artist", nullable=True)
    album_id: str = c.spotify_id("album", nullable=True)
    album_name: str = c.name("album", nullable=True)
    duration_ms: pl.Int64 = c.count("Length of the track in milliseconds.", nullable=True)
    isrc: str = c.text("International Standard Recording Code.", nullable=True)
    context_uri: str = c.text("Playlist, album or artist it was played from.", nullable=True)
    reported_at: c.Moment = c.moment("When a poll of the day first showed it")
    source_file: str = c.source_file()
    source_line: pl.Int32 = c.source_line()
    source_item: pl.Int32 = c.position("Place in the response's list, from 1.")


class Polls(
    Contract,
    table="processed.polls",
    grain="one poll",
    key=("date", "polled_at"),
    stage=Stage.LISTENING,
):
    """Each time that the API was asked what was played, and how far back it could say."""

    date: pl.Date = c.column(description="Day (UTC) of the poll.")
    polled_at: c.Moment = c.moment("When it was asked")
    items: pl.Int32 = c.count("Plays that it showed.")
    is_full: bool = c.text("As many as it can show: there may be more before the oldest.")
    oldest_at: c.Moment = c.moment("Time of the oldest play shown", nullable=True)
    newest_at: c.Moment = c.moment("Time of the newest play shown", nullable=True)
    source_file: str = c.source_file()
    source_line: pl.Int32 = c.source_line()


class QuarantinedPlays(
    Contract,
    table="quarantine.plays",
    grain="one row or item that cannot be read",
    key=("source_file", "source_pointer"),
    stage=Stage.LISTENING,
):
    """Rows of exports and items of polls that cannot be read, with the reason.

    What such a row holds is not kept: it may be personal.
    """

    source: str = c.one_of(["export", "api"], "Where it came from.")
    source_file: str = c.text("Raw file, relative to the lake.")
    source_pointer: str = c.text(
        "Where in it: the JSON pointer in the export file, or `line/pointer` of a raw response."
    )
    reason: str = c.text("Why it cannot be read.")


class DimItem(
    Contract,
    table="star.dim_item",
    grain="one thing that was played",
    key=("item_key",),
    stage=Stage.LISTENING,
):
    """Tracks, episodes, chapters and local files that were played, by the best that is known.

    The catalog knows a track best, then the API's report of a play, then the export.
    """

    item_key: pl.Int64 = c.text("Hash of `item`: the same in every warehouse.")
    item: str = c.text(
        "Its Spotify URI; `local:artist:album:name` or `name:artist:name`, in normal form, where "
        "nothing of these names has one."
    )
    kind: str = c.one_of(ITEM_KINDS, "What it is.")
    track_id: str = c.spotify_id("track", nullable=True)
    recording: str = c.text(
        "The same for the same recording under several ids: its ISRC; else, of music, "
        "`names:artist:name`; else `item`."
    )
    name: str = c.name("track, episode or chapter", nullable=True)
    artist_id: str = c.spotify_id("main artist", nullable=True)
    artist_name: str = c.name("main artist, show or audiobook", nullable=True)
    album_name: str = c.name("album", nullable=True)
    isrc: str = c.text("International Standard Recording Code.", nullable=True)
    duration_ms: pl.Int64 = c.count("Length in milliseconds, where known.", nullable=True)
    known_from: str = c.one_of(["catalog", "api", "export"], "Who describes it.")


class FactPlay(
    Contract,
    table="star.fact_play",
    grain="one play",
    key=("source_file", "source_line"),
    references={("item_key",): "star.dim_item"},
    stage=Stage.LISTENING,
):
    """Every play once, from all sources; ordered by time.

    The best source speaks: the extended export, then account data, then the API.
    """

    ended_at: c.Moment = c.moment("When it ended; of the API, the time that it gives")
    item_key: pl.Int64 = c.text("What was played.")
    kind: str = c.one_of(ITEM_KINDS, "What was played, as `dim_item` has it.")
    ms_played: pl.Int64 = c.count(
        "For how long, in milliseconds; the API does not say.", nullable=True
    )
    ms_heard: pl.Int64 = c.count("`ms_played`; else the length of the track; else 0.")
    source: str = c.one_of(SOURCES, "Who speaks.")
    confidence: str = c.one_of(
        ["second", "minute", "reported"],
        "How good the time is: to the second, to the minute, or ±90 s as the API reports it.",
    )
    is_in_account: bool = c.text("Account data has it too, or alone.")
    is_in_api: bool = c.text("The API reported it too, or alone.")
    reason_start: str = c.text("Why it began, in Spotify's words.", nullable=True)
    reason_end: str = c.text("Why it ended, in Spotify's words.", nullable=True)
    is_shuffle: bool = c.text("Played in shuffle mode.", nullable=True)
    is_skipped: bool = c.text("Spotify's own mark of a skip.", nullable=True)
    is_offline: bool = c.text("Played without a connection.", nullable=True)
    is_incognito: bool = c.text("Played in a private session.", nullable=True)
    platform: str = c.text("Platform, as Spotify gives it.", nullable=True)
    country: str = c.text("Country (ISO 3166-1 alpha-2) of the connection.", nullable=True)
    session: pl.Int64 = c.position("Number of the session: a pause of over 30 min begins another.")
    first_at: c.Moment = c.moment(
        "Time of the first counted play of its recording; null if there is none", nullable=True
    )
    is_first_play: bool = c.text("The first counted play of its recording.")
    source_file: str = c.source_file()
    source_line: pl.Int32 = c.position("Place in that file; of a poll, line × 100 + item, from 1.")


class PlayCoverage(
    Contract,
    table="star.play_coverage",
    grain="one day",
    key=("date",),
    stage=Stage.LISTENING,
):
    """How much of a day is known, from the first play to the last day that was asked."""

    date: pl.Date = c.column(description="Day (UTC).")
    coverage: str = c.one_of(
        COVERAGES,
        "`complete`: inside an export. `polled`: polls without a gap. `partial`: plays may "
        "be missing. `unknown`: nobody asked, and no play is known.",
    )
    plays: pl.Int64 = c.count("Plays that are known.")


class Imports(
    Contract,
    table="monitoring.imports",
    grain="one export file",
    key=("file_id",),
    stage=Stage.LISTENING,
):
    """The account of each export file: received = the sum of the classes, to the row."""

    file_id: str = c.file_id()
    file_name: str = c.text("Name of the file in the export.")
    package: str = c.one_of(PACKAGES, "Which of Spotify's packages it belongs to.")
    media: str = c.one_of(
        MEDIA, "Of what it tells; `audio` is music and podcasts together.", nullable=True
    )
    part: pl.Int32 = c.count(
        "Its number among the files of its package: 3 of `Streaming_History_Audio_2019_3.json`.",
        nullable=True,
    )
    account: str = c.account()
    downloads: pl.List = c.column(
        description="The zips and folders that it came in, each by a hash that names nobody.",
    )
    imported_at: c.Moment = c.moment("When it was imported")
    bytes: pl.Int64 = c.count("Its size.")
    received: pl.Int64 = c.count("Rows in the file.")
    counted: pl.Int64 = c.count("Plays of music of 30 s and more.")
    short: pl.Int64 = c.count("Under 30 s, not skipped.")
    skipped: pl.Int64 = c.count("Under 30 s, skipped by the listener.")
    podcast: pl.Int64 = c.count("Podcast episodes.")
    audiobook: pl.Int64 = c.count("Audiobook chapters.")
    local_file: pl.Int64 = c.count("Files of the listener's own.")
    incognito: pl.Int64 = c.count("Music in a private session.")
    duplicate: pl.Int64 = c.count("Plays that another row, or a better source, tells of too.")
    unreadable: pl.Int64 = c.count("Rows that cannot be read: `quarantine.plays`.")
    first_at: c.Moment = c.moment("Time of the first play", nullable=True)
    last_at: c.Moment = c.moment("Time of the last play", nullable=True)


class PlayGaps(
    Contract,
    table="monitoring.play_gaps",
    grain="one window in which plays may be missing",
    key=("from_at",),
    stage=Stage.LISTENING,
):
    """Windows that no poll could look into, because the API shows 50 plays only."""

    from_at: c.Moment = c.moment("Newest play known before")
    to_at: c.Moment = c.moment("Oldest play that the poll showed")
    found_at: c.Moment = c.moment("When the poll was made")
    is_closed: bool = c.text("An export has covered it since.")
