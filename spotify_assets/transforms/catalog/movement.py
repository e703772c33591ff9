"""What the days of a genre say of each other: who moved, and who is gone, as Ibis expressions.

The rules stand in ``docs/catalog.md``. A day can say that something is gone only if it would have
ranked it: if it was asked, found anything, and was ranked as deep as where that had stood.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from spotify_assets.schemas.catalog import processed, rankings
from spotify_assets.transforms.catalog.rankings import GENRE_DAY
from spotify_assets.transforms.lazily import Lazily
from spotify_assets.transforms.relations import conform, makes, relation

if TYPE_CHECKING:
    import ibis
    import ibis.expr.types as ir
else:
    ibis = Lazily("ibis")

ASKED = ("genre", "date", "kind")
THING = ("genre", "kind", "id")
SERIES = ("genre", "market", "basis", "wanted", "id")
"""Ranks are compared with each other where all of these are the same."""
SEEN = (
    processed.Extracts,
    processed.SearchResults,
    rankings.RankedTracks,
    rankings.RankedArtists,
)


@makes(rankings.TopTracks, of=(*SEEN, rankings.Departures))
def top_tracks() -> ir.Table:
    """Rows of `rankings.TopTracks`: the ranks of all days, with movement."""
    ranked = relation(rankings.RankedTracks).rename(id="track_id")
    return conform(_with_movement(ranked, "track"), rankings.TopTracks)


@makes(rankings.TopArtists, of=(*SEEN, rankings.Departures))
def top_artists() -> ir.Table:
    """Rows of `rankings.TopArtists`: the ranks of all days, with movement."""
    ranked = relation(rankings.RankedArtists).rename(id="artist_id")
    return conform(_with_movement(ranked, "artist"), rankings.TopArtists)


@makes(rankings.Departures, of=SEEN)
def departures() -> ir.Table:
    """Rows of `rankings.Departures`. Grain: one absence of an id from the rankings of a genre."""
    absences = _absences()
    is_asked_before_it_returns = absences.next_date.isnull() | (
        absences.next_asked < absences.next_date
    )
    first = _said(absences.filter(is_asked_before_it_returns).mutate(date=ibis._.next_asked))
    is_decided = first.reason.isin(rankings.DECISIVE)
    undecided = first.filter(~is_decided)
    decided = first.filter(is_decided).union(_decided_later(undecided))
    # Where no day decides, the first one of the absence says why.
    of_first_day = undecided.filter(undecided.date == undecided.day_after)
    said = decided.union(of_first_day.anti_join(decided, [*THING, "last_date"]))
    nobody = absences.mutate(date=absences.day_after, reason=ibis.literal("not_asked"))
    said = said.union(nobody.anti_join(said, [*THING, "last_date"]))
    return conform(said, rankings.Departures)


def _ranks() -> ir.Table:
    """Grain: one rank of a kind of a genre-day."""
    both = []
    for kind, contract in (("track", rankings.RankedTracks), ("artist", rankings.RankedArtists)):
        ranked = relation(contract)
        columns = [*GENRE_DAY, "rank", "name", "basis", "search_position"]
        both.append(ranked.select(*columns, kind=ibis.literal(kind), id=ranked[f"{kind}_id"]))
    return both[0].union(both[1])


def _days() -> ir.Table:
    """Grain: one kind of a collected genre-day, with what can be said by it.

    `reach` is how deep it was ranked; `could_show`, how deep any day before it was ranked for its
    market; `next_asked`, the next day on which the genre was asked for the kind.
    """
    collected = relation(processed.Extracts)
    terms = [
        collected.select(
            *(*GENRE_DAY, "market"),
            kind=ibis.literal(kind),
            asked=collected[f"{kind}s_asked"],
            wanted=collected[f"{kind}s_wanted"],
        )
        for kind in ("track", "artist")
    ]
    asked = terms[0].union(terms[1])
    ranked = (
        _ranks().group_by(*ASKED).agg(ranked=ibis._.count(), deepest=ibis._.search_position.max())
    )
    found = relation(processed.SearchResults).group_by(*ASKED).agg(shown=ibis._.count())
    days = _beside(_beside(asked, ranked, ASKED), found, ASKED)
    is_cut = days.ranked.fill_null(0) >= days.wanted
    days = days.mutate(
        reach=is_cut.ifelse(ibis.least(days.deepest.fill_null(0), days.asked), days.asked),
        has_results=days.shown.notnull() & (days.asked > 0),
    )
    earlier = ibis.window(group_by=["genre", "kind", "market"], order_by="date", rows=(None, -1))
    later = ibis.window(group_by=["genre", "kind"], order_by="date", rows=(1, None))
    return days.mutate(
        could_show=days.has_results.ifelse(days.reach, 0).max().over(earlier),
        next_asked=(days.asked > 0).ifelse(days.date, ibis.null("date")).min().over(later),
    )


def _with_movement(ranked: ir.Table, kind: str) -> ir.Table:
    days, gone = _days(), relation(rankings.Departures)
    days = days.filter(days.kind == kind).select(*GENRE_DAY, "market", "wanted", "could_show")
    gone = gone.filter(gone.kind == kind, gone.reason.isin(rankings.DECISIVE)).select(
        "genre", "id", date="last_date", is_gone_then=ibis.literal(1)
    )
    seen = _beside(ranked.join(days, GENRE_DAY), gone, [*GENRE_DAY, "id"])
    ever = ibis.window(group_by=["genre", "id"], order_by="date")
    before = ibis.window(group_by=["genre", "id"], order_by="date", rows=(None, -1))
    seen = seen.mutate(
        was_ranked=ibis.row_number().over(ever) > 0,
        times_gone=seen.is_gone_then.sum().over(before).fill_null(0),
        is_first_day=seen.date == seen.date.min().over(ibis.window(group_by="genre")),
    )
    comparable = ibis.window(group_by=SERIES, order_by="date")
    times_gone_then = ibis.coalesce(
        seen.times_gone.lag().over(comparable), seen.times_gone.lag().over(ever)
    )
    seen = seen.mutate(
        previous_rank=seen["rank"].lag().over(comparable),
        previous_date=seen.date.lag().over(comparable),
        is_back=seen.was_ranked & (seen.times_gone > times_gone_then),
    )
    could_be_shown = seen.could_show.fill_null(0) >= seen.search_position
    gained = seen.previous_rank - seen["rank"]
    status = ibis.cases(
        (~seen.was_ranked & (seen.is_first_day | could_be_shown), "new"),
        (seen.is_back, "re-entry"),
        (seen.previous_rank.isnull(), "not_comparable"),
        (gained > 0, "up"),
        (gained < 0, "down"),
        else_="same",
    )
    movement = seen.is_back.ifelse(ibis.null("int32"), gained)
    return seen.mutate(movement=movement, status=status).rename({f"{kind}_id": "id"})


def _absences() -> ir.Table:
    """Grain: one rank after which the id is in no ranking of the day after.

    Nobody knows what comes after the last asked day.
    """
    days = _days().select(*ASKED, "market", "next_asked")
    ranked = _ranks().join(days, ASKED)
    # By way of a timestamp: DuckDB makes one of date + interval, and Ibis believes it is a date.
    day_after = (ranked.date.cast("timestamp") + ibis.interval(days=1)).cast("date")
    ever = ibis.window(group_by=THING, order_by="date")
    ranked = ranked.mutate(day_after=day_after, next_date=ranked.date.lead().over(ever))
    is_away = ranked.next_date.isnull() | (ranked.next_date > ranked.day_after)
    # A day on which it is ranked again ends it, even one of which only later pages came.
    has_end = ranked.next_asked.notnull() | ranked.next_date.notnull()
    return ranked.filter(is_away & has_end).select(
        *(*THING, "name", "basis", "market", "search_position"),
        *("day_after", "next_asked", "next_date"),
        last_rank="rank",
        last_date="date",
    )


def _said(absent: ir.Table) -> ir.Table:
    """What the asked day `date` says of what is not ranked on it; adds `reason`."""
    there = [*ASKED, "id"]
    shown = (
        relation(processed.SearchResults)
        .semi_join(absent.select(*there), there)
        .group_by(*there)
        .agg(shown_at=ibis._.position.min())
    )
    day = _days().select(*ASKED, "has_results", "reach", market_then=ibis._.market)
    seen = _beside(_beside(absent, day, ASKED), shown, there)
    reason = ibis.cases(
        (~seen.has_results, "no_results"),
        (seen.market_then != seen.market, "other_market"),
        (seen.shown_at <= seen.reach, "quarantined"),
        (seen.search_position > seen.reach, "not_reached"),
        (seen.shown_at.notnull(), "fell_below"),
        else_="left",
    )
    return seen.mutate(reason=reason).select(*absent.columns, "reason")


def _decided_later(undecided: ir.Table) -> ir.Table:
    """Those of which a later day of the absence decides, by the first such day."""
    # Few are left here: else each would be joined with all days of its genre.
    days = _days()
    able = days.filter(days.has_results).select(*ASKED, "market", "reach")
    each = undecided.drop("date", "reason").join(able, ["genre", "kind", "market"])
    each = each.filter(
        each.date > each.next_asked,
        each.next_date.isnull() | (each.date < each.next_date),
        each.search_position <= each.reach,
    ).drop("reach")
    said = _said(each)
    said = said.filter(said.reason.isin(rankings.DECISIVE))
    place = ibis.row_number().over(group_by=[*THING, "last_date"], order_by="date")
    first = said.mutate(place=place).filter(ibis._.place == 0)
    return first.select(*undecided.columns)


def _beside(rows: ir.Table, found: ir.Table, key: Sequence[str]) -> ir.Table:
    """The rows, with the columns of what is found by the key, or nulls."""
    joined = rows.left_join(found, list(key))
    return joined.drop(*(f"{name}_right" for name in key))
