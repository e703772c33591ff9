"""What is said twice counts once: the first good mention, and the fullest of an artist."""

from typing import Any

import pytest

from spotify_assets_tests.transforms.accounts import Read, Tables, reconciliation
from spotify_assets_tests.transforms.answers import Answer, answer, search
from spotify_assets_tests.transforms.music import (
    Json,
    album,
    artist,
    credit,
    found,
    spotify_id,
    track,
)


def tracks(*those: object, page: int = 0) -> Answer:
    return search(found(tracks=list(those)), page=page)


def apart(*those: Json) -> list[Answer]:
    """A page for each."""
    return [tracks(one, page=page) for page, one in enumerate(those)]


def together(*those: Json) -> list[Answer]:
    """All on one page."""
    return [tracks(*those)]


both_ways = pytest.mark.parametrize("paged", [apart, together])


def test_a_track_on_two_pages_is_one_row_with_the_values_of_the_first(read: Read) -> None:
    tables = read(*apart(track(1, name="Then"), track(1, name="Now"), track(2)))

    assert rows(tables, "tracks", "name", "source_line") == [("Then", 1), ("Track 2", 3)]
    assert reconciliation(tables, "forró", "duplicate")["tracks"] == 1


def test_a_track_twice_on_a_page_is_one_row_and_stands_at_both_positions(read: Read) -> None:
    tables = read(*together(track(1, name="Then"), track(1, name="Now")))

    assert rows(tables, "tracks", "name") == [("Then",)]
    assert rows(tables, "search_results", "position", "id") == [
        (1, spotify_id("t", 1)),
        (2, spotify_id("t", 1)),
    ]


@both_ways
def test_the_first_good_mention_is_kept_where_the_first_is_bad(read: Read, paged: Any) -> None:
    tables = read(*paged(track(1, popularity=101), track(1, name="Good"), track(1, name="Again")))

    assert rows(tables, "tracks", "name") == [("Good",)]
    assert reconciliation(tables, "forró", "duplicate")["tracks"] == 1
    assert reconciliation(tables, "forró", "quarantined")["tracks"] == 1


@both_ways
def test_the_credits_of_a_track_are_those_of_the_mention_that_is_kept(
    read: Read, paged: Any
) -> None:
    one, two, three = (
        track(1, popularity=101, artists=[credit(11), credit(12), credit(13)]),
        track(1, artists=[credit(21)]),
        track(1, artists=[credit(31), credit(32)]),
    )
    tables = read(*paged(one, two, three))

    assert rows(tables, "track_artists", "position", "artist_id") == [(1, spotify_id("a", 21))]
    assert len(tables["processed.artists"].filter(is_full=False)) == 7


def test_a_track_that_is_set_aside_has_no_credits_but_its_artists_are_known(read: Read) -> None:
    tables = read(tracks(track(1, name=None), track(2)))

    assert rows(tables, "track_artists", "track_id") == [(spotify_id("t", 2),)]
    assert rows(tables, "artists", "artist_id") == [(spotify_id("a", 1),), (spotify_id("a", 2),)]


def test_a_null_among_the_credits_leaves_the_others_their_places(read: Read) -> None:
    tables = read(tracks(track(1, artists=[None, credit(2), None, credit(4)])))

    assert rows(tables, "track_artists", "position", "artist_id") == [
        (2, spotify_id("a", 2)),
        (4, spotify_id("a", 4)),
    ]
    aside = tables["quarantine.rows"].filter(table_name="track_artists")
    assert aside["source_pointer"].to_list() == [
        "/tracks/items/0/artists/0",
        "/tracks/items/0/artists/2",
    ]


def test_a_position_that_was_asked_twice_keeps_the_first_answer(read: Read) -> None:
    tables = read(tracks(track(1), track(2)), tracks(track(2), track(3), track(4)))

    assert rows(tables, "search_results", "position", "id", "source_line") == [
        (1, spotify_id("t", 1), 1),
        (2, spotify_id("t", 2), 1),
        (3, spotify_id("t", 4), 2),
    ]
    assert reconciliation(tables, "forró", "duplicate")["search_results"] == 2


def test_positions_count_on_from_page_to_page(read: Read) -> None:
    tables = read(tracks(track(1)), tracks(track(2), page=2))

    assert rows(tables, "search_results", "position") == [(1,), (101,)]


def test_each_kind_has_its_own_positions(read: Read) -> None:
    body = found(tracks=[track(1)], artists=[artist(1)], albums=[album(1)])
    tables = read(search(body, kinds="artist,track,album"))

    assert rows(tables, "search_results", "kind", "position", "id") == [
        ("album", 1, spotify_id("b", 1)),
        ("artist", 1, spotify_id("a", 1)),
        ("track", 1, spotify_id("t", 1)),
    ]


def test_only_a_search_has_positions(read: Read) -> None:
    tables = read(answer("tracks", {"tracks": [track(1)]}))

    assert len(tables["processed.tracks"]) == 1
    assert tables["processed.search_results"].is_empty()


@pytest.mark.parametrize("order", [1, -1], ids=["credit first", "full first"])
def test_a_full_artist_wins_over_a_credit(read: Read, order: int) -> None:
    answers = [tracks(track(1)), answer("artists", {"artists": [artist(1, name="Full")]})]
    tables = read(*answers[::order])

    # Credited twice: by the track and by its album.
    assert reconciliation(tables, "forró")["artists"] == 3
    assert rows(tables, "artists", "name", "is_full", "followers") == [("Full", True, 1000)]


def test_a_credit_is_kept_where_the_full_artist_is_set_aside(read: Read) -> None:
    tables = read(tracks(track(1)), answer("artists", {"artists": [artist(1, popularity=101)]}))

    assert rows(tables, "artists", "name", "is_full") == [("Artist 1", False)]
    assert reconciliation(tables, "forró", "quarantined")["artists"] == 1


def test_of_credits_that_differ_the_first_is_kept(read: Read) -> None:
    first, second = credit(9, name="MC Nove"), credit(9, name="Mc Nove")
    tables = read(tracks(*[track(n, artists=[by]) for n, by in enumerate([first, second, first])]))

    nine = tables["processed.artists"].filter(artist_id=spotify_id("a", 9))
    assert nine.select("name", "source_line").rows() == [("MC Nove", 1)]


def test_a_credit_with_a_bad_id_is_set_aside_once_and_then_repeated(read: Read) -> None:
    tables = read(tracks(*[track(number, artists=[credit(9, id="a")]) for number in range(4)]))

    places = tables["quarantine.rows"].filter(table_name="artists")["source_pointer"]
    assert places.to_list() == ["/tracks/items/0/artists/0"]
    assert reconciliation(tables, "forró", "duplicate")["artists"] == 3


def test_credits_without_an_id_are_set_aside_one_by_one(read: Read) -> None:
    tables = read(tracks(*[track(number, artists=[credit(9, id=None)]) for number in range(4)]))

    aside = tables["quarantine.rows"].filter(table_name="artists")
    assert aside["source_pointer"].to_list() == [
        f"/tracks/items/{number}/artists/0" for number in range(4)
    ]


def test_an_album_of_its_own_and_in_its_tracks_is_one_row(read: Read) -> None:
    tables = read(
        answer("album", {**album(1), "tracks": {"items": [track(1), track(2, album=album(1))]}})
    )

    assert rows(tables, "albums", "album_id") == [(spotify_id("b", 1),)]
    assert rows(tables, "tracks", "album_id") == [(spotify_id("b", 1),)] * 2
    assert reconciliation(tables, "forró", "duplicate")["albums"] == 2


def test_of_a_key_that_stands_twice_in_an_object_the_last_counts_on_both_ways(
    read: Read, tmp_path_factory: pytest.TempPathFactory
) -> None:
    twice = b'{"tracks":{"items":[%s]}}' % _with_a_name_twice(track(1))
    for more in ([], [tracks(5, page=1)]):
        tables = read(search(twice), *more, lake=tmp_path_factory.mktemp("lake"))
        assert rows(tables, "tracks", "name") == [("Track 2",)]


def _with_a_name_twice(thing: Json) -> bytes:
    body = tracks(thing).body
    item = body[body.index(b"[") + 1 : body.rindex(b"]")]
    return item.replace(b'"name": "Track 1"', b'"name": "Track 1", "name": "Track 2"')


def rows(tables: Tables, table: str, *columns: str) -> list[tuple[Any, ...]]:
    return tables[f"processed.{table}"].select(columns).rows()
