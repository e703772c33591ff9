"""Processed tables and rankings → the star schema, as Ibis expressions.

Facts are per genre and date. Dimensions are made from all days that are there: an interval ends
where the next version was first seen, so a day that arrives late finds its place.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from spotify_assets.schemas.catalog import processed, rankings, star
from spotify_assets.transforms.catalog.rankings import GENRE_DAY, first_positions
from spotify_assets.transforms.lazily import Lazily
from spotify_assets.transforms.relations import conform, makes, relation

if TYPE_CHECKING:
    import ibis
    import ibis.expr.types as ir
else:
    ibis = Lazily("ibis")


@makes(star.DailyTracks, of=(processed.Tracks, processed.SearchResults, rankings.RankedTracks))
def fact_track_daily() -> ir.Table:
    """Rows of `star.DailyTracks`. Grain: one track of a genre-day."""
    ranked = relation(rankings.RankedTracks).select(*GENRE_DAY, "track_id", "rank")
    facts = _with_position(relation(processed.Tracks), "track").left_join(
        ranked, [*GENRE_DAY, "track_id"]
    )
    return conform(facts, star.DailyTracks)


@makes(star.DailyArtists, of=(processed.Artists, processed.SearchResults, rankings.RankedArtists))
def fact_artist_daily() -> ir.Table:
    """Rows of `star.DailyArtists`. Grain: one artist of a genre-day."""
    ranked = relation(rankings.RankedArtists).select(*GENRE_DAY, "artist_id", "rank")
    facts = _with_position(relation(processed.Artists), "artist").left_join(
        ranked, [*GENRE_DAY, "artist_id"]
    )
    return conform(facts, star.DailyArtists)


@makes(star.DimDate, of=(processed.Extracts,))
def dim_date() -> ir.Table:
    """Rows of `star.DimDate`. Grain: one day, without holes."""
    collected = relation(processed.Extracts)
    bounds = collected.agg(first=collected.date.min(), last=collected.date.max()).filter(
        ibis._["first"].notnull()
    )
    one_day = ibis.interval(days=1)
    first, past = bounds["first"].cast("timestamp"), (bounds["last"] + one_day).cast("timestamp")
    days = bounds.select(date=ibis.range(first, past, one_day).unnest().cast("date"))
    date = days.date
    # Ibis counts weekdays from Monday = 0.
    weekday = date.day_of_week.index() + 1
    calendar = days.mutate(
        year=date.year(),
        quarter=date.quarter(),
        month=date.month(),
        day=date.day(),
        iso_week=date.week_of_year(),
        weekday=weekday,
        is_weekend=weekday.isin([6, 7]),
    )
    return conform(calendar, star.DimDate)


@makes(star.DimGenre, of=(processed.Extracts,))
def dim_genre() -> ir.Table:
    """Rows of `star.DimGenre`. Grain: one genre."""
    collected = relation(processed.Extracts)
    genres = collected.group_by("genre").agg(
        first_date=collected.date.min(),
        last_date=collected.date.max(),
        days_collected=collected.count(),
    )
    return conform(genres, star.DimGenre)


@makes(star.DimArtist, of=(processed.Artists, processed.TrackArtists))
def dim_artist() -> ir.Table:
    """Rows of `star.DimArtist`. Grain: one version of an artist."""
    artists, track_artists = relation(processed.Artists), relation(processed.TrackArtists)
    described = artists.select("artist_id", "name", "is_full", *GENRE_DAY)
    credited = track_artists.select(
        "artist_id", *GENRE_DAY, name=ibis.null("string"), is_full=ibis.literal(False)
    ).distinct()
    # An id whose own rows are all in quarantine still stands in the bridge: an inferred member,
    # until it is described. What is learned later does not change what was known before.
    first = described.group_by("artist_id").agg(described_from=described.date.min())
    inferred = credited.anti_join(
        first,
        [credited.artist_id == first.artist_id, credited.date >= first.described_from],
    )
    seen = _one_a_day(
        described.union(inferred.select(*described.columns)), "artist_id", ibis.desc("is_full")
    )
    versions = _versions(seen, "artist_id", ["name"])
    return conform(versions.mutate(is_inferred=versions.name.isnull()), star.DimArtist)


@makes(star.DimTrack, of=(processed.Tracks,))
def dim_track() -> ir.Table:
    """Rows of `star.DimTrack`. Grain: one version of a track."""
    attributes = ["name", "album_id", "duration_ms", "is_explicit", "isrc"]
    tracks = relation(processed.Tracks).select("track_id", *GENRE_DAY, *attributes)
    return conform(_versions(_one_a_day(tracks, "track_id"), "track_id", attributes), star.DimTrack)


@makes(star.DimAlbum, of=(processed.Albums, processed.Tracks))
def dim_album() -> ir.Table:
    """Rows of `star.DimAlbum`. Grain: one album, as it was seen last."""
    albums, tracks = relation(processed.Albums), relation(processed.Tracks)
    described = albums.drop("artist_ids", "source_file", "source_line")
    named = (
        tracks.filter(tracks.album_id.notnull())
        .select("album_id", *GENRE_DAY)
        .distinct()
        .anti_join(described, "album_id")
    )
    inferred = named.select(
        **{
            name: named[name] if name in named.columns else ibis.null(dtype)
            for name, dtype in described.schema().items()
        }
    )
    last = _last_seen(described.union(inferred), "album_id")
    return conform(last.mutate(last_date=last.date, is_inferred=last.name.isnull()), star.DimAlbum)


@makes(
    star.BridgeTrackArtist,
    of=(processed.Tracks, processed.TrackArtists, star.DimTrack, star.DimArtist),
)
def bridge_track_artist() -> ir.Table:
    """Rows of `star.BridgeTrackArtist`. Grain: one artist credited on a track."""
    # The last sighting of the track, not of a credit: it may have none that is good.
    tracks, credited = relation(processed.Tracks), relation(processed.TrackArtists)
    last = _last_seen(tracks.select("track_id", *GENRE_DAY), "track_id")
    last_credited = credited.semi_join(last, [*GENRE_DAY, "track_id"])
    for key, dimension in (("track", star.DimTrack), ("artist", star.DimArtist)):
        version = relation(dimension)
        current = version.filter(version.is_current).select(f"{key}_id", f"{key}_key")
        last_credited = last_credited.left_join(current, f"{key}_id").drop(f"{key}_id_right")
    return conform(last_credited, star.BridgeTrackArtist)


def _with_position(rows: ir.Table, kind: str) -> ir.Table:
    """With the first position in the search, where there is one."""
    positions = first_positions(kind)
    return rows.left_join(positions, [*GENRE_DAY, rows[f"{kind}_id"] == positions.id]).drop(
        "genre_right", "date_right"
    )


def _one_a_day(seen: ir.Table, key: str, *preferred: ir.Value) -> ir.Table:
    """What several genres saw of the same id on the same day counts once.

    Grain: one id on one day. The first genre in the alphabet decides where they differ.
    """
    place = ibis.row_number().over(group_by=[key, "date"], order_by=[*preferred, ibis.asc("genre")])
    return seen.mutate(place=place).filter(ibis._.place == 0).drop("place", "genre")


def _last_seen(seen: ir.Table, key: str) -> ir.Table:
    """All rows of the last genre-day that holds an id."""
    place = ibis.dense_rank().over(group_by=key, order_by=[ibis.desc("date"), ibis.asc("genre")])
    return seen.mutate(place=place).filter(ibis._.place == 0).drop("place")


def _versions(seen: ir.Table, key: str, attributes: list[str]) -> ir.Table:
    """One row for each run of days with the same attributes. Grain: one version of an id."""
    by_day = ibis.window(group_by=key, order_by="date")
    is_same = [seen[name].identical_to(seen[name].lag().over(by_day)) for name in attributes]
    is_first = ibis.row_number().over(by_day) == 0
    begins = is_first | ~reduce(lambda left, right: left & right, is_same)
    versions = seen.mutate(begins=begins).filter(ibis._.begins)
    valid_to = versions.date.lead().over(ibis.window(group_by=key, order_by="date"))
    returns = ibis.row_number().over(group_by=[key, *attributes], order_by="date")
    versions = versions.mutate(valid_from=versions.date, valid_to=valid_to, returns=returns)
    said = [versions[name] for name in (key, "returns", *attributes)]
    return versions.mutate(
        **{key.replace("_id", "_key"): _hashed(*said)},
        is_current=versions.valid_to.isnull(),
    )


def _hashed(*values: ir.Value) -> ir.Value:
    """A surrogate key: the same for the same values, in every warehouse and on every engine.

    It holds no day, so that a version keeps it when earlier days arrive. What returns is told from
    its first time by a number. Each value is hashed by itself: no two lists of values are the same
    text.
    """
    texts = [value.cast("string").hexdigest("md5").fill_null("-") for value in values]
    digits = reduce(lambda left, right: left.concat(right), texts).hexdigest("md5").left(15)
    return (ibis.literal("0x") + digits).cast("int64")
