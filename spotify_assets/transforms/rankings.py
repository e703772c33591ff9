"""Processed tables → rankings, as Ibis expressions: one definition for every engine.

Each expression is per genre and date, so it may run over one partition or over all of them.
"""

import ibis
import ibis.expr.types as ir

from spotify_assets.schemas import processed, rankings
from spotify_assets.transforms.relations import conform, relation

GENRE_DAY = ("genre", "date")
SERIES = ("genre", "basis")
"""Days of a genre are compared with each other as long as the ranks have the same basis."""


def ranked_tracks() -> ir.Table:
    """Rows of `rankings.RankedTracks`. Grain: one rank of a genre-day."""
    tracks = relation(processed.Tracks)
    found = tracks.join(
        first_positions("track"),
        [*GENRE_DAY, tracks.track_id == first_positions("track").id],
    )
    named = found.left_join(_artist_names(), [*GENRE_DAY, "track_id"]).drop(
        "genre_right", "date_right", "track_id_right"
    )
    no_names = ibis.literal([], type="array<string>")
    ranked = _rank(named, "track").mutate(artist_names=ibis._.artist_names.fill_null(no_names))
    return conform(ranked, rankings.RankedTracks)


def ranked_artists() -> ir.Table:
    """Rows of `rankings.RankedArtists`. Grain: one rank of a genre-day."""
    artists = relation(processed.Artists)
    found = artists.join(
        first_positions("artist"),
        [*GENRE_DAY, artists.artist_id == first_positions("artist").id],
    )
    return conform(_rank(found, "artist"), rankings.RankedArtists)


def top_tracks() -> ir.Table:
    """Rows of `rankings.TopTracks`: the ranks of all days, with movement."""
    ranked = relation(rankings.RankedTracks)
    return conform(_with_movement(ranked, "track"), rankings.TopTracks)


def top_artists() -> ir.Table:
    """Rows of `rankings.TopArtists`: the ranks of all days, with movement."""
    ranked = relation(rankings.RankedArtists)
    return conform(_with_movement(ranked, "artist"), rankings.TopArtists)


def departures() -> ir.Table:
    """Rows of `rankings.Departures`. Grain: one id that is missing on the day after its rank."""
    tracks = _departures(relation(rankings.RankedTracks), "track")
    artists = _departures(relation(rankings.RankedArtists), "artist")
    return conform(tracks.union(artists), rankings.Departures)


def first_positions(kind: str) -> ir.Table:
    """Where the search showed an id first. Grain: one id of a kind of a genre-day."""
    results = relation(processed.SearchResults)
    return (
        results.filter(results.kind == kind)
        .group_by(*GENRE_DAY, "id")
        .agg(search_position=ibis._.position.min())
    )


def _artist_names() -> ir.Table:
    """Grain: one track of a genre-day."""
    credited, artists = relation(processed.TrackArtists), relation(processed.Artists)
    return (
        credited.join(artists.select(*GENRE_DAY, "artist_id", "name"), [*GENRE_DAY, "artist_id"])
        .group_by(*GENRE_DAY, "track_id")
        .agg(artist_names=ibis._.name.collect(order_by=ibis._.position))
    )


def _rank(found: ir.Table, kind: str) -> ir.Table:
    """Rank the first so many that were wanted: a page can bring more, on one day and not the next.

    Popularity ranks if any row of the genre-day has one, else the search position. Ties: the
    earlier search position first, then the smaller id.
    """
    key = f"{kind}_id"
    wanted = relation(processed.Collections).select(*GENRE_DAY, wanted=f"{kind}s_wanted")
    place = ibis.row_number().over(
        group_by=GENRE_DAY, order_by=[ibis.asc("search_position"), ibis.asc(key)]
    )
    first = found.mutate(place=place).join(wanted, GENRE_DAY).filter(ibis._.place < ibis._.wanted)
    has_popularity = first.popularity.notnull().any().over(group_by=GENRE_DAY)
    based = first.mutate(
        basis=has_popularity.ifelse("popularity", "search_position"),
        score=has_popularity.ifelse(first.popularity, first.search_position),
    )
    order = [
        ibis.desc(based.popularity, nulls_first=False),
        ibis.asc(based.search_position),
        ibis.asc(based[key]),
    ]
    rank = ibis.row_number().over(group_by=GENRE_DAY, order_by=order) + 1
    return based.mutate(rank=rank)


def _asked_days(ranked: ir.Table, kind: str) -> ir.Table:
    """The days of a series, numbered; a day with an empty answer belongs to every series.

    A day of which none of the kind was asked belongs to none.
    Grain: one asked day of a genre and basis.
    """
    collections = relation(processed.Collections)
    collected = collections.filter(collections[f"{kind}s_asked"] > 0).select(*GENRE_DAY)
    answered = ranked.select(*GENRE_DAY, "basis").distinct()
    empty = collected.anti_join(answered, GENRE_DAY)
    bases = answered.select(*SERIES).distinct()
    asked = answered.union(empty.join(bases, "genre").select(*GENRE_DAY, "basis"))
    number = ibis.row_number().over(group_by=SERIES, order_by=asked.date)
    return asked.mutate(number=number)


def _with_movement(ranked: ir.Table, kind: str) -> ir.Table:
    key = f"{kind}_id"
    numbered = ranked.join(_asked_days(ranked, kind), [*GENRE_DAY, "basis"])
    before = ibis.window(group_by=[*SERIES, key], order_by="date")
    seen = numbered.mutate(
        previous_rank=numbered["rank"].lag().over(before),
        previous_date=numbered.date.lag().over(before),
        days_away=numbered.number - numbered.number.lag().over(before),
    )
    movement = (seen.days_away == 1).ifelse(seen.previous_rank - seen["rank"], ibis.null("int32"))
    status = ibis.cases(
        (seen.previous_rank.isnull(), "new"),
        (seen.days_away > 1, "re-entry"),
        (movement > 0, "up"),
        (movement < 0, "down"),
        else_="same",
    )
    return seen.mutate(movement=movement, status=status)


def _departures(ranked: ir.Table, kind: str) -> ir.Table:
    key = f"{kind}_id"
    asked = _asked_days(ranked, kind)
    depth = relation(processed.Collections).select(*GENRE_DAY, depth=f"{kind}s_asked")
    next_asked = asked.join(depth, GENRE_DAY).select(
        *SERIES, next_date="date", next_depth="depth", number=ibis._.number - 1
    )
    numbered = ranked.join(asked, [*GENRE_DAY, "basis"]).join(next_asked, [*SERIES, "number"])
    # The day after the last one is not asked yet: the inner join leaves it out.
    there_again = ranked.select(*SERIES, key, next_date="date")
    seen = numbered.anti_join(there_again, [*SERIES, key, "next_date"])
    missing = seen.mutate(
        missing_date=seen.next_date,
        reason=(seen.search_position <= seen.next_depth).ifelse("left", "not_asked"),
    )
    # By way of a timestamp: DuckDB makes one of date + interval, and Ibis believes it is a date.
    day_after = (numbered.date.cast("timestamp") + ibis.interval(days=1)).cast("date")
    skipped = numbered.filter(numbered.next_date > day_after).mutate(
        missing_date=day_after, reason=ibis.literal("not_asked")
    )
    return missing.union(skipped).select(
        "genre",
        "name",
        "basis",
        "reason",
        date="missing_date",
        kind=ibis.literal(kind),
        id=key,
        last_rank="rank",
        last_date="date",
    )
