from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotify_assets.sandbox.catalog import Catalog
from spotify_assets.sandbox.columns import fold
from spotify_assets.sandbox.names import GENRES
from spotify_assets.sandbox.paging import Window, page
from spotify_assets.sandbox.search import Query, Search
from spotify_assets_tests.sandbox.conftest import TODAY, Client


def quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(st.text())
def test_any_genre_name_survives_quoting(name: str) -> None:
    query = Query.parse(f"genre:{quoted(name)}")
    assert query == Query(filters=(("genre", fold(name)),), words=())


@given(st.text(), st.text(), st.sampled_from(["artist", "album", "track"]))
def test_any_two_quoted_filters_are_told_apart(genre: str, value: str, name: str) -> None:
    query = Query.parse(f"genre:{quoted(genre)} {name}:{quoted(value)}")
    assert query.filters == (("genre", fold(genre)), (name, fold(value)))
    assert query.words == ()


@given(st.text())
def test_there_is_no_query_that_cannot_be_read(text: str) -> None:
    assert isinstance(Query.parse(text), Query)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("genre:rock", Query((("genre", "rock"),), ())),
        ("GENRE:Rock", Query((("genre", "rock"),), ())),
        ("genre:hip hop", Query((("genre", "hip"),), ("hop",))),
        ('"the one" more', Query((), ("the one", "more"))),
        ('genre:"hip', Query((("genre", '"hip'),), ())),
        ("subgenre:rock", Query((), ("subgenre:rock",))),
        ("genre:rock genre:pop", Query((("genre", "pop"),), ())),
        ("year:1999-2003 love", Query((("year", "1999-2003"),), ("love",))),
    ],
)
def test_queries_are_read_as_spotify_writes_them(text: str, query: Query) -> None:
    assert Query.parse(text) == query


@given(total=st.integers(0, 300), limit=st.integers(1, 50))
def test_walking_pages_gives_each_position_once(total: int, limit: int) -> None:
    everything = list(range(total))
    seen: list[int] = []
    offset: int | None = 0
    while offset is not None:
        window = Window.asked({"limit": str(limit), "offset": str(offset)}, default=20, most=50)
        answer = page("http://host/things", window, everything[window.slice], total)
        seen += answer["items"]
        offset = window.end if answer["next"] else None
    assert seen == everything


def test_walking_a_genre_gives_each_position_once(api: Client, catalog: Catalog) -> None:
    walked = [
        item and item["id"]
        for offset in range(0, 1000, 50)
        for item in api.found("track", "genre:rock", limit=50, offset=offset)["items"]
    ]
    positions = Search(catalog).results("track", Query.parse("genre:rock"), TODAY).positions
    assert walked == [None if row is None else catalog.tracks.ids[row] for row in positions]
    assert len(walked) == 1000


def test_a_page_does_not_depend_on_its_size(api: Client) -> None:
    large = api.found("artist", "genre:samba", limit=40)["items"]
    small = [
        item
        for offset in range(0, 40, 10)
        for item in api.found("artist", "genre:samba", limit=10, offset=offset)["items"]
    ]
    assert large == small


def test_some_positions_are_null_and_some_repeat_an_earlier_id(catalog: Catalog) -> None:
    search = Search(catalog)
    nulls = repeats = positions = 0
    for genre in GENRES:
        query = Query.parse(f"genre:{quoted(genre.name)}")
        results = search.results("track", query, TODAY).positions
        for place, row in enumerate(results):
            nulls += row is None
            repeats += row is not None and row in results[max(place - 5, 0) : place]
            assert row is None or row not in results[: max(place - 10, 0)]
        positions += len(results)
    assert 1 / 500 < nulls / positions < 1 / 200
    assert 1 / 350 < repeats / positions < 1 / 130


def test_an_unknown_genre_gives_an_empty_page(api: Client) -> None:
    answer = api.found("track", 'genre:"polka from mars"')
    assert (answer["items"], answer["total"], answer["next"]) == ([], 0, None)


@pytest.mark.parametrize("name", ["forró", "FORRÓ", "forro\u0301", "Forro\u0301"])
def test_genres_match_whatever_their_case_and_unicode_form(api: Client, name: str) -> None:
    assert api.found("track", f'genre:"{name}"')["total"] > 200


@pytest.mark.parametrize("genre", [genre.name for genre in GENRES])
def test_every_genre_is_found(api: Client, genre: str) -> None:
    for kind in ("track", "artist"):
        assert api.found(kind, f"genre:{quoted(genre)}")["items"]


def test_genre_is_no_filter_for_albums(api: Client) -> None:
    assert api.found("album", "genre:rock")["items"] == []


def test_total_is_only_an_estimate(catalog: Catalog) -> None:
    search = Search(catalog)
    off = []
    for position, genre in enumerate(catalog.genres):
        total = search.results("track", Query.parse(f"genre:{quoted(genre)}"), TODAY).total
        off.append(total / int(catalog.genre_tracks.lengths[position]))
    assert 0.96 < min(off) < 1 < max(off) < 1.04


def test_an_empty_page_can_have_a_next(api: Client) -> None:
    answers = [
        api.found("artist", f"genre:{quoted(genre.name)}", limit=50, offset=900) for genre in GENRES
    ]
    assert all(answer["items"] == [] for answer in answers)
    assert 0 < sum(answer["next"] is not None for answer in answers) < len(answers) / 2


def test_the_window_ends_at_1000_though_next_points_there(api: Client) -> None:
    last = api.found("track", "genre:rock", limit=50, offset=950)
    assert "offset=1000" in last["next"]
    response = api.session.get(last["next"], timeout=10)
    assert (response.status_code, response.json()["error"]["message"]) == (400, "Invalid offset")


def test_next_leads_to_the_next_page(api: Client) -> None:
    first = api.found("track", 'genre:"hip hop" love', market="BR", limit=5)
    second = api.session.get(first["next"], timeout=10).json()["tracks"]
    assert first["next"].startswith(f"{api.url}/v1/search?")
    assert second["href"] == first["next"]
    assert second["previous"] == first["href"]


def test_the_words_of_a_query_are_all_in_the_name(api: Client) -> None:
    items = api.found("track", "MOON dancing", limit=50)["items"]
    assert items
    for item in items:
        assert item is None or all(word in fold(item["name"]) for word in ("moon", "dancing"))


Passes = Callable[[dict[str, dict[str, str]]], bool]


@pytest.mark.parametrize(
    ("query", "passes"),
    [
        ("year:2015", lambda item: item["album"]["release_date"][:4] == "2015"),
        ("year:1990-1999", lambda item: item["album"]["release_date"][:3] == "199"),
        ('album:"moon"', lambda item: "moon" in item["album"]["name"].casefold()),
        ('track:"moon"', lambda item: "moon" in item["name"].casefold()),
        (
            'artist:"magalhães"',
            lambda item: any("magalhães" in fold(artist["name"]) for artist in item["artists"]),
        ),
    ],
)
def test_filters_narrow_tracks(api: Client, query: str, passes: Passes) -> None:
    items = [item for item in api.found("track", query, limit=50)["items"] if item]
    assert items
    assert all(passes(item) for item in items)


def test_filters_narrow_albums_and_artists(api: Client) -> None:
    albums = api.found("album", 'artist:"leão" album:samba OR year:2020')
    assert albums["items"] == []  # "or" is a word like any other
    albums = api.found("album", 'artist:"leão" year:2000-2026', limit=50)["items"]
    assert albums
    assert all(any("leão" in fold(one["name"]) for one in album["artists"]) for album in albums)
    artists = api.found("artist", 'artist:"leão" year:2000-2026', limit=50)["items"]
    assert {one["name"] for one in artists if one} >= {a["artists"][0]["name"] for a in albums}
    assert api.found("artist", "track:love")["items"] == []
    assert api.found("album", "album:luna", limit=50)["items"]


def test_new_albums_are_at_most_two_weeks_old(api: Client) -> None:
    albums = api.found("album", "tag:new", limit=50)["items"]
    assert albums
    assert all("2026-11-06" < album["release_date"] <= "2026-11-20" for album in albums)
    assert api.found("album", "tag:hipster")["items"] == []
    assert api.found("album", "year:soon")["items"] == []


def test_several_types_come_in_one_answer(api: Client) -> None:
    answer = api.json("/search", q="genre:rock", type="album,artist,track", limit=3)
    assert list(answer) == ["tracks", "artists", "albums"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"q": "", "type": "track"}, "No search query"),
        ({"type": "track"}, "No search query"),
        ({"q": "love"}, "Missing parameter type"),
        ({"q": "love", "type": "song"}, "Bad search type field song"),
        ({"q": "love", "type": ""}, "Bad search type field "),
        ({"q": "love", "type": "track", "limit": "0"}, "Invalid limit"),
        ({"q": "love", "type": "track", "limit": "51"}, "Invalid limit"),
        ({"q": "love", "type": "track", "limit": "-5"}, "Invalid limit"),
        ({"q": "love", "type": "track", "limit": "ten"}, "Invalid limit"),
        ({"q": "love", "type": "track", "limit": "9" * 5000}, "Invalid limit"),
        ({"q": "love", "type": "track", "offset": "-1"}, "Invalid offset"),
        ({"q": "love", "type": "track", "offset": "1.5"}, "Invalid offset"),
        ({"q": "love", "type": "track", "limit": "50", "offset": "951"}, "Invalid offset"),
        ({"q": "love", "type": "track", "market": "ZZ"}, "Invalid market code"),
    ],
)
def test_a_wrong_search_is_refused(api: Client, params: dict[str, str], message: str) -> None:
    assert api.refusal("/search", **params) == (400, message)
