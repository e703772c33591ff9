"""Ranks of a genre-day: who is ranked, by what, in which order."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotify_assets.schemas import Contract
from spotify_assets.schemas.catalog import rankings
from spotify_assets.transforms.expressions import sql
from spotify_assets_tests.transforms.music import spotify_id
from spotify_assets_tests.transforms.small_warehouse import SmallWarehouse, day, numbers

RANKED: dict[str, type[Contract]] = {
    "track": rankings.RankedTracks,
    "artist": rankings.RankedArtists,
}
both_kinds = pytest.mark.parametrize("kind", RANKED)


def found(
    warehouse: SmallWarehouse,
    kind: str,
    popularities: dict[int, int | None],
    *,
    on: int = 1,
    wanted: int = 100,
    genre: str = "forró",
) -> None:
    """A genre-day whose search found these, at the positions that they have here."""
    warehouse.collected(on, genre, **{f"{kind}s_wanted": wanted})
    add = {"track": warehouse.track, "artist": warehouse.artist}[kind]
    for position, (number, popularity) in enumerate(popularities.items(), start=1):
        add(number, on, genre, popularity=popularity)
        warehouse.hit(kind, number, position, on, genre)


def ranked(warehouse: SmallWarehouse, kind: str) -> list[int]:
    """The numbers of the ranked, first rank first; the ranks have no holes."""
    rows = warehouse.query(RANKED[kind])
    assert rows["rank"].to_list() == list(range(1, len(rows) + 1))
    return numbers(rows[f"{kind}_id"])


@both_kinds
def test_the_most_popular_is_first(warehouse: SmallWarehouse, kind: str) -> None:
    found(warehouse, kind, {1: 10, 2: 90, 3: 50})

    assert ranked(warehouse, kind) == [2, 3, 1]
    assert warehouse.rows(RANKED[kind], "score", "basis", "search_position") == [
        (90, "popularity", 2),
        (50, "popularity", 3),
        (10, "popularity", 1),
    ]


@both_kinds
def test_of_equals_the_earlier_in_the_search_is_first(warehouse: SmallWarehouse, kind: str) -> None:
    found(warehouse, kind, {3: 50, 1: 50, 2: 50})
    assert ranked(warehouse, kind) == [3, 1, 2]


@both_kinds
def test_of_equals_at_the_same_position_the_smaller_id_is_first(
    warehouse: SmallWarehouse, kind: str
) -> None:
    """Two ids do not stand at one position of an answer; the order is certain all the same."""
    found(warehouse, kind, {1: 50})
    add = {"track": warehouse.track, "artist": warehouse.artist}[kind]
    for number in (3, 2):
        add(number, 1, popularity=50)
        warehouse.hit(kind, number, 1, 1)
    assert ranked(warehouse, kind) == [1, 2, 3]


@both_kinds
def test_without_any_popularity_the_search_ranks(warehouse: SmallWarehouse, kind: str) -> None:
    """Development mode."""
    found(warehouse, kind, {3: None, 1: None, 2: None})

    assert ranked(warehouse, kind) == [3, 1, 2]
    assert warehouse.rows(RANKED[kind], "score", "basis") == [
        (1, "search_position"),
        (2, "search_position"),
        (3, "search_position"),
    ]


@both_kinds
def test_one_without_popularity_is_last_where_others_have_one(
    warehouse: SmallWarehouse, kind: str
) -> None:
    found(warehouse, kind, {1: None, 2: 0, 3: None, 4: 7})

    assert ranked(warehouse, kind) == [4, 2, 1, 3]
    assert warehouse.rows(RANKED[kind], "score", "basis") == [
        (7, "popularity"),
        (0, "popularity"),
        (None, "popularity"),
        (None, "popularity"),
    ]


@both_kinds
def test_only_the_first_that_were_wanted_are_ranked(warehouse: SmallWarehouse, kind: str) -> None:
    found(warehouse, kind, {1: 10, 2: 20, 3: 99, 4: 98}, wanted=2)
    assert ranked(warehouse, kind) == [2, 1]


@both_kinds
def test_the_basis_is_that_of_the_wanted(warehouse: SmallWarehouse, kind: str) -> None:
    found(warehouse, kind, {1: None, 2: None, 3: 99}, wanted=2)
    assert {basis for (basis,) in warehouse.rows(RANKED[kind], "basis")} == {"search_position"}


@both_kinds
def test_none_is_ranked_where_none_was_wanted(warehouse: SmallWarehouse, kind: str) -> None:
    found(warehouse, kind, {1: 10, 2: 20}, wanted=0)
    assert ranked(warehouse, kind) == []


@both_kinds
def test_an_id_at_several_positions_has_the_first(warehouse: SmallWarehouse, kind: str) -> None:
    found(warehouse, kind, {1: None, 2: None, 3: None})
    warehouse.hit(kind, 3, 4, 1)
    warehouse.hit(kind, 1, 5, 1)

    assert warehouse.rows(RANKED[kind], "search_position") == [(1,), (2,), (3,)]


@both_kinds
def test_what_the_search_did_not_find_is_not_ranked(warehouse: SmallWarehouse, kind: str) -> None:
    found(warehouse, kind, {1: 10})
    {"track": warehouse.track, "artist": warehouse.artist}[kind](2, 1, popularity=99)
    assert ranked(warehouse, kind) == [1]


@both_kinds
def test_what_was_set_aside_is_not_ranked_and_takes_no_place(
    warehouse: SmallWarehouse, kind: str
) -> None:
    found(warehouse, kind, {1: 10, 2: 20}, wanted=2)
    warehouse.connection.execute("UPDATE processed.search_results SET position = position + 1")
    warehouse.hit(kind, 9, 1, 1)
    assert ranked(warehouse, kind) == [2, 1]


def test_kinds_do_not_mix(warehouse: SmallWarehouse) -> None:
    """The same id as a track and as an artist is two things."""
    found(warehouse, "track", {1: 10, 2: 20})
    warehouse.hit("artist", 5, 1, 1)
    warehouse.artist(5, 1, popularity=7)

    assert ranked(warehouse, "track") == [2, 1]
    assert ranked(warehouse, "artist") == [5]


@both_kinds
def test_genre_days_are_ranked_apart(warehouse: SmallWarehouse, kind: str) -> None:
    found(warehouse, kind, {1: 10, 2: 20}, on=1)
    found(warehouse, kind, {1: 30, 2: 20}, on=2)
    found(warehouse, kind, {2: None, 1: None}, on=1, genre="samba", wanted=1)

    assert warehouse.rows(RANKED[kind], "genre", "date", "rank", f"{kind}_id", "basis") == [
        ("forró", day(1), 1, spotify_id(kind[0], 2), "popularity"),
        ("forró", day(1), 2, spotify_id(kind[0], 1), "popularity"),
        ("forró", day(2), 1, spotify_id(kind[0], 1), "popularity"),
        ("forró", day(2), 2, spotify_id(kind[0], 2), "popularity"),
        ("samba", day(1), 1, spotify_id(kind[0], 2), "search_position"),
    ]


def test_a_track_names_its_artists_in_order(warehouse: SmallWarehouse) -> None:
    found(warehouse, "track", {1: 30, 2: 20, 3: 10})
    for number, name in enumerate(["Aline", "Beto", "Caju"], start=1):
        warehouse.artist(number, 1, name=name)
    for track, artist, position in [(1, 2, 2), (1, 3, 1), (2, 1, 1), (2, 99, 2)]:
        warehouse.credit(track, artist, 1, position=position)

    # Artist 99 is set aside, and the third track credits nobody.
    assert warehouse.rows(rankings.RankedTracks, "artist_names") == [
        (["Caju", "Beto"],),
        (["Aline"],),
        ([],),
    ]


def test_names_are_those_of_the_day(warehouse: SmallWarehouse) -> None:
    for on, name in ((1, "Then"), (2, "Now")):
        found(warehouse, "track", {1: 10}, on=on)
        warehouse.artist(1, on, name=name)
        warehouse.credit(1, 1, on)
    assert warehouse.rows(rankings.RankedTracks, "artist_names") == [(["Then"],), (["Now"],)]


@both_kinds
def test_without_a_collection_there_is_no_rank(warehouse: SmallWarehouse, kind: str) -> None:
    assert warehouse.query(RANKED[kind]).is_empty()


SEARCHES = st.tuples(
    st.lists(st.integers(1, 6), max_size=8),
    st.dictionaries(st.integers(1, 6), st.none() | st.integers(0, 3)),
    st.integers(0, 5),
)


@settings(max_examples=15)
@given(SEARCHES)
def test_ranks_are_those_of_a_sorted_list(
    reused_warehouse: SmallWarehouse,
    search: tuple[list[int], dict[int, int | None], int],
) -> None:
    hits, described, wanted = search
    warehouse = reused_warehouse.emptied()
    warehouse.collected(1, tracks_wanted=wanted)
    for position, number in enumerate(hits, start=1):
        warehouse.hit("track", number, position, 1)
    for number, popularity in described.items():
        warehouse.track(number, 1, popularity=popularity)

    first = [number for number in dict.fromkeys(hits) if number in described][:wanted]
    by_popularity = any(described[number] is not None for number in first)

    def order(number: int) -> tuple[int, int]:
        popularity = described[number]
        return (0 if popularity is None else -popularity - 1, hits.index(number))

    expected = sorted(first, key=order) if by_popularity else first
    assert ranked(warehouse, "track") == expected


@both_kinds
def test_the_query_is_the_same_text_each_time(kind: str) -> None:
    text = sql(RANKED[kind])
    sql.cache_clear()
    assert sql(RANKED[kind]) == text
