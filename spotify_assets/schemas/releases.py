"""Releases of a label: what its downloads say of streams, campaigns and sales.

Belongs here: the contracts. Does not belong here: how files are read, and matched to releases.
"""

from typing import Any

import polars as pl

from spotify_assets.schemas import columns as c
from spotify_assets.schemas.contract import Contract, Stage


def _artist_id() -> Any:
    return c.text("Id of the artist, as `releases.toml` declares it.")


def _release_id(*, nullable: bool = False) -> Any:
    said = "Id of the release, as `releases.toml` declares it"
    return c.text(
        f"{said}; null where none matches." if nullable else f"{said}.", nullable=nullable
    )


def _file_id() -> Any:
    return c.column(
        str_matches="^[0-9a-f]{16}$",
        description="File that says it, in `monitoring.release_files`: of several the newest.",
    )


def _line() -> Any:
    return c.position("Line of that file, from 1.")


def _downloaded_at() -> Any:
    return c.moment("When the file was saved, by its date of change")


def _window() -> Any:
    return c.text("Span of time as the file's name says it, such as `28day`.")


def _money(what: str, *, nullable: bool = False) -> Any:
    return c.column(nullable=nullable, description=f"{what}, in `currency`.")


def _currency(*, nullable: bool = False) -> Any:
    return c.text("Currency, as ISO 4217 names it; as the file says it.", nullable=nullable)


class DimArtistProfile(
    Contract,
    table="star.dim_artist_profile",
    grain="one artist of the label",
    key=("artist_id",),
    stage=Stage.RELEASES,
):
    """The label's artists, as the newest `releases.toml` declares them."""

    artist_id: str = _artist_id()
    name: str = c.text("Name of the artist.")
    spotify_id: str = c.text("The artist's id on Spotify.", nullable=True)
    apple_id: str = c.text("The artist's id on Apple Music.", nullable=True)
    youtube_id: str = c.text("The artist's id on YouTube.", nullable=True)


class DimRelease(
    Contract,
    table="star.dim_release",
    grain="one release of the label",
    key=("release_id",),
    references={("artist_id",): "star.dim_artist_profile"},
    stage=Stage.RELEASES,
):
    """The label's releases, as the newest `releases.toml` declares them."""

    release_id: str = _release_id()
    artist_id: str = _artist_id()
    title: str = c.text("Title.")
    released_on: pl.Date = c.text("Day of the release.", nullable=True)
    spotify_id: str = c.text("Id of the track on Spotify.", nullable=True)
    apple_id: str = c.text("Id on Apple Music.", nullable=True)
    youtube_id: str = c.text("Id on YouTube.", nullable=True)
    isrc: str = c.text("International Standard Recording Code.", nullable=True)
    upc: str = c.text("Universal Product Code.", nullable=True)


class FactStreamsDaily(
    Contract,
    table="star.fact_streams_daily",
    grain="one release on one day",
    key=("release_id", "date"),
    references={("release_id",): "star.dim_release"},
    stage=Stage.RELEASES,
):
    """Streams of a song a day, from the timelines of Spotify for Artists.

    A day that no file holds has no row: it is unknown, and not 0.
    """

    release_id: str = _release_id()
    date: pl.Date = c.text("Day, as Spotify for Artists counts it (UTC).")
    streams: pl.Int64 = c.count("Streams.")
    file_id: str = _file_id()
    source_line: pl.Int32 = _line()


class FactAudienceDaily(
    Contract,
    table="star.fact_audience_daily",
    grain="one artist on one day",
    key=("artist_id", "date"),
    references={("artist_id",): "star.dim_artist_profile"},
    stage=Stage.RELEASES,
):
    """The audience of an artist a day; listeners of several days are never summed."""

    artist_id: str = _artist_id()
    date: pl.Date = c.text("Day, as Spotify for Artists counts it (UTC).")
    listeners: pl.Int64 = c.count("People who listened that day.")
    monthly_listeners: pl.Int64 = c.count("People who listened in 28 days.", nullable=True)
    monthly_active_listeners: pl.Int64 = c.count(
        "Of these, who chose the artist themselves.", nullable=True
    )
    super_listeners: pl.Int64 = c.count("The most loyal of these.", nullable=True)
    streams: pl.Int64 = c.count("Streams.")
    playlist_adds: pl.Int64 = c.count("Times a song was put on a playlist.", nullable=True)
    saves: pl.Int64 = c.count("Times a song was saved; one listener saves several.", nullable=True)
    followers: pl.Int64 = c.count("Followers at the end of the day.", nullable=True)
    file_id: str = _file_id()
    source_line: pl.Int32 = _line()


class FactSongWindow(
    Contract,
    table="star.fact_song_window",
    grain="one release in one window of time, as it was downloaded on one day",
    key=("release_id", "window_name", "downloaded_on"),
    references={("release_id",): "star.dim_release"},
    stage=Stage.RELEASES,
):
    """Listeners, streams and saves of a song in a window, from the lists of songs."""

    release_id: str = _release_id()
    window_name: str = _window()
    downloaded_on: pl.Date = c.text("Day (UTC) on which the file was saved: the window's end.")
    listeners: pl.Int64 = c.count("People who listened in the window.")
    streams: pl.Int64 = c.count("Streams in the window.")
    saves: pl.Int64 = c.count("Times it was saved in the window.", nullable=True)
    file_id: str = _file_id()
    source_line: pl.Int32 = _line()


class FactPlaylistWindow(
    Contract,
    table="star.fact_playlist_window",
    grain="one playlist of a release in one window of time, as it was downloaded on one day",
    key=("release_id", "window_name", "downloaded_on", "playlist", "author"),
    references={("release_id",): "star.dim_release"},
    stage=Stage.RELEASES,
):
    """What a release was streamed from a playlist in a window, from the lists of playlists."""

    release_id: str = _release_id()
    window_name: str = _window()
    downloaded_on: pl.Date = c.text("Day (UTC) on which the file was saved: the window's end.")
    playlist: str = c.text("Title of the playlist.")
    author: str = c.text("Who made it.")
    added_on: pl.Date = c.text(
        "Day it was put there; null where Spotify does not say.", nullable=True
    )
    listeners: pl.Int64 = c.count("People who listened from it in the window.")
    streams: pl.Int64 = c.count("Streams from it in the window.")
    file_id: str = _file_id()
    source_line: pl.Int32 = _line()


class FactCampaignDaily(
    Contract,
    table="star.fact_campaign_daily",
    grain="one campaign on one day, by what its results count and its currency",
    key=("campaign", "date", "currency", "result_indicator"),
    stage=Stage.RELEASES,
):
    """Advertising a day, from the exports of Meta Ads; rows that are sums of others are left out.

    Results of different indicators count different things: they are never added.
    """

    release_id: str = _release_id(nullable=True)
    campaign: str = c.text("Name of the campaign.")
    date: pl.Date = c.text("Day, in the time zone of the ad account.")
    currency: str = _currency()
    result_indicator: str = c.text("What the results count; `unknown` where the file does not say.")
    spend: pl.Float64 = _money("Amount spent")
    impressions: pl.Int64 = c.count("Times it was shown.", nullable=True)
    link_clicks: pl.Int64 = c.count("Clicks on its link.", nullable=True)
    results: pl.Int64 = c.count("Results, by the indicator.", nullable=True)
    cost_per_result: pl.Float64 = _money("Spend for each result", nullable=True)
    file_id: str = _file_id()


class FactLinkDaily(
    Contract,
    table="star.fact_link_daily",
    grain="one landing page on one day",
    key=("landing_url", "date"),
    stage=Stage.RELEASES,
):
    """Visits and clicks of a smart link a day."""

    release_id: str = _release_id(nullable=True)
    landing_url: str = c.text("The page; where the file names none, the name of the file.")
    date: pl.Date = c.text("Day, as the page counts it.")
    visits: pl.Int64 = c.count("Visits of the page.")
    clicks: pl.Int64 = c.count("Clicks from it to a platform.")
    file_id: str = _file_id()
    source_line: pl.Int32 = _line()


class FactSaleMonthly(
    Contract,
    table="star.fact_sale_monthly",
    grain="one release in one month, store and country, by distributor and currency",
    key=("release_id", "sales_month", "distributor", "store", "country", "currency"),
    references={("release_id",): "star.dim_release"},
    stage=Stage.RELEASES,
):
    """What a distributor paid for a release, from its sales reports."""

    release_id: str = _release_id()
    sales_month: pl.Date = c.text("First day of the month of the sales.")
    distributor: str = c.text("Who reports it.")
    store: str = c.text("Where it was streamed or sold.")
    country: str = c.text("Country of the listener; `unknown` where the file does not say.")
    currency: str = _currency()
    quantity: pl.Int64 = c.count("Streams or sales.")
    earnings: pl.Float64 = _money("What was earned")
    file_id: str = _file_id()


class ReleaseFiles(
    Contract,
    table="monitoring.release_files",
    grain="one file that was imported",
    key=("file_id",),
    stage=Stage.RELEASES,
):
    """The account of each download: received = kept + duplicate + sums + quarantined.

    Kept rows of which no release is known are `unmatched`: they wait in the lake, and are in the
    facts once `releases.toml` names their release.
    """

    file_id: str = c.column(
        str_matches="^[0-9a-f]{16}$", description="First 16 digits of the hash of name and bytes."
    )
    file_name: str = c.text("Name of the file.")
    kind: str = c.text("What it is, by its content.")
    source: str = c.text("Who writes such files.")
    window_name: str = c.text("Span of time in its name, such as `28day`.", nullable=True)
    downloaded_at: c.Moment = _downloaded_at()
    imported_at: c.Moment = c.moment("When it was imported")
    received: pl.Int64 = c.count("Rows of the file.")
    kept: pl.Int64 = c.count("Rows that can be read, and be true.")
    duplicate: pl.Int64 = c.count("Rows that say again what another of the file says.")
    sums: pl.Int64 = c.count("Rows that are sums of others.")
    quarantined: pl.Int64 = c.count("Rows in `quarantine.release_rows`.")
    unmatched: pl.Int64 = c.count("Of the kept rows, those of no known release or artist.")
    nearest: str = c.text(
        "Where rows are unmatched: the first name that matches nothing, and the nearest declared.",
        nullable=True,
    )
    notes: pl.List = c.text("What else there is to know.")


class ReleaseRevisions(
    Contract,
    table="monitoring.release_revisions",
    grain="one number of one day that a later download changed",
    key=("table_name", "subject_id", "date", "measure", "file_id"),
    stage=Stage.RELEASES,
):
    """What later downloads say otherwise than the download before; the later one counts."""

    table_name: str = c.text("Fact table, as `layer.table`.")
    subject_id: str = c.text("The release or artist.")
    date: pl.Date = c.text("The day whose number changed.")
    measure: str = c.text("Column of the fact table.")
    earlier: pl.Int64 = c.count("What the download before said.")
    later: pl.Int64 = c.count("What this one says.")
    earlier_file_id: str = c.text("The download before.")
    file_id: str = _file_id()


class QuarantinedReleaseRows(
    Contract,
    table="quarantine.release_rows",
    grain="one reason why a row of a file was set aside",
    key=("file_id", "source_line", "column_name", "reason"),
    stage=Stage.RELEASES,
):
    """Rows of downloads that cannot be read, or cannot be true."""

    file_id: str = c.column(str_matches="^[0-9a-f]{16}$", description="The file.")
    file_name: str = c.text("Its name.")
    source_line: pl.Int32 = _line()
    column_name: str = c.text("The column; `row` where it is the row as a whole.")
    value: str = c.text("What stands there, up to 200 characters.")
    reason: str = c.text("Why it was set aside.")


class ReleaseSources(
    Contract,
    table="monitoring.release_sources",
    grain="one file of releases in the lake, as it was loaded",
    key=("file",),
    stage=Stage.PUBLICATION,
):
    """What the tables of releases were made from; where one differs, they are made again."""

    file: str = c.text("File of facts, relative to the lake.")
    bytes: pl.Int64 = c.file_bytes()
    modified_ns: pl.Int64 = c.written_ns()
