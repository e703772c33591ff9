"""The star schema: facts of a genre-day, and dimensions made from all days that are there."""

import datetime as dt
import hashlib
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotify_assets.schemas import DERIVED, FACTS, Contract
from spotify_assets.schemas.catalog import processed, rankings, star
from spotify_assets.warehouse.tables import quoted
from spotify_assets_tests.transforms.music import spotify_id
from spotify_assets_tests.transforms.small_warehouse import SmallWarehouse, day, day_number

Version = tuple[str | None, int, int | None]
"""Name, first day, day of the next version."""


def versions(warehouse: SmallWarehouse, contract: type[Contract], number: int) -> list[Version]:
    """The versions of an artist or a track; the last one is the current one."""
    key, *_ = contract.key()
    rows = warehouse.query(contract).filter(pl.col(key) == spotify_id(key[0], number))
    assert rows["is_current"].to_list() == [False] * (len(rows) - 1) + [True]
    return [
        (row["name"], day_number(row["valid_from"]) or 0, day_number(row["valid_to"]))
        for row in rows.iter_rows(named=True)
    ]


def artist_versions(warehouse: SmallWarehouse, number: int = 1) -> list[Version]:
    return versions(warehouse, star.DimArtist, number)


def test_a_day_without_a_change_gives_no_version(warehouse: SmallWarehouse) -> None:
    for on in (1, 2, 3, 7):
        warehouse.artist(1, on, name="Anitta")
    assert artist_versions(warehouse) == [("Anitta", 1, None)]


def test_a_change_of_name_begins_a_version(warehouse: SmallWarehouse) -> None:
    for on, name in enumerate(["MC Anitta", "MC Anitta", "Anitta"], start=1):
        warehouse.artist(1, on, name=name)
    assert artist_versions(warehouse) == [("MC Anitta", 1, 3), ("Anitta", 3, None)]


def test_a_name_that_comes_back_is_a_third_version(warehouse: SmallWarehouse) -> None:
    for on, name in enumerate(["A", "B", "A"], start=1):
        warehouse.artist(1, on, name=name)
    assert artist_versions(warehouse) == [("A", 1, 2), ("B", 2, 3), ("A", 3, None)]


def test_a_version_lasts_over_days_that_were_not_collected(warehouse: SmallWarehouse) -> None:
    warehouse.artist(1, 1, name="A")
    warehouse.artist(1, 9, name="B")
    assert artist_versions(warehouse) == [("A", 1, 9), ("B", 9, None)]


def test_a_day_that_arrives_late_finds_its_place(warehouse: SmallWarehouse) -> None:
    warehouse.artist(1, 1, name="A")
    warehouse.artist(1, 5, name="A")
    assert artist_versions(warehouse) == [("A", 1, None)]

    warehouse.artist(1, 3, name="B")
    assert artist_versions(warehouse) == [("A", 1, 3), ("B", 3, 5), ("A", 5, None)]


def test_a_day_that_arrives_before_the_first_begins_earlier(warehouse: SmallWarehouse) -> None:
    warehouse.artist(1, 5, name="A")
    warehouse.artist(1, 2, name="A")
    assert artist_versions(warehouse) == [("A", 2, None)]


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def test_the_key_of_a_version_is_a_hash_of_what_it_says(warehouse: SmallWarehouse) -> None:
    """As docs/catalog.md has it, so that anybody can make it."""
    for on, name in ((1, "Água"), (2, "Fire"), (3, "Água")):
        warehouse.track(1, on, name=name, duration_ms=1000, is_explicit=False, isrc="BR1")

    def key(name: str, returned: str) -> int:
        texts = [spotify_id("t", 1), returned, name, None, "1000", "false", "BR1"]
        return int(md5("".join("-" if text is None else md5(text) for text in texts))[:15], 16)

    assert warehouse.rows(star.DimTrack, "track_key") == [
        (key("Água", "0"),),
        (key("Fire", "0"),),
        (key("Água", "1"),),
    ]


def test_a_version_keeps_its_key_when_earlier_days_arrive(warehouse: SmallWarehouse) -> None:
    warehouse.artist(1, 5, name="B")
    ((key,),) = warehouse.rows(star.DimArtist, "artist_key")
    for on, name in ((4, "B"), (2, "A"), (1, "A")):
        warehouse.artist(1, on, name=name)
        assert warehouse.rows(star.DimArtist, "name", "artist_key")[-1] == ("B", key)


def test_versions_that_say_the_same_of_two_ids_have_two_keys(warehouse: SmallWarehouse) -> None:
    for number in (1, 2):
        warehouse.artist(number, 1, name="Same")
    keys = warehouse.rows(star.DimArtist, "artist_key")
    assert len(set(keys)) == 2


def test_what_two_genres_saw_on_a_day_is_one_version(warehouse: SmallWarehouse) -> None:
    warehouse.artist(1, 1, "samba", name="B")
    warehouse.artist(1, 1, "axé", name="A")
    warehouse.artist(1, 2, "samba", name="B")
    assert artist_versions(warehouse) == [("A", 1, 2), ("B", 2, None)]


def test_a_full_artist_is_believed_before_a_credit(warehouse: SmallWarehouse) -> None:
    warehouse.artist(1, 1, "axé", name="Credit", is_full=False)
    warehouse.artist(1, 1, "samba", name="Full", is_full=True)
    assert artist_versions(warehouse) == [("Full", 1, None)]


def test_numbers_that_change_daily_begin_no_version(warehouse: SmallWarehouse) -> None:
    for on in (1, 2):
        warehouse.artist(1, on, name="A", popularity=on, followers=on, spotify_genres=[str(on)])
        warehouse.track(1, on, name="T", popularity=on)
    assert artist_versions(warehouse) == [("A", 1, None)]
    assert versions(warehouse, star.DimTrack, 1) == [("T", 1, None)]


def test_each_artist_has_versions_of_its_own(warehouse: SmallWarehouse) -> None:
    for on, names in enumerate([("A", "X"), ("B", "X")], start=1):
        for number, name in enumerate(names, start=1):
            warehouse.artist(number, on, name=name)
    assert artist_versions(warehouse, 1) == [("A", 1, 2), ("B", 2, None)]
    assert artist_versions(warehouse, 2) == [("X", 1, None)]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("name", ("Then", "Now")),
        ("album_id", (spotify_id("b", 1), spotify_id("b", 2))),
        ("album_id", (None, spotify_id("b", 2))),
        ("duration_ms", (1000, 1001)),
        ("is_explicit", (False, True)),
        ("is_explicit", (None, False)),
        ("isrc", ("BR1", "BR2")),
        ("isrc", ("BR1", None)),
    ],
)
def test_each_attribute_of_a_track_begins_a_version(
    warehouse: SmallWarehouse, column: str, values: tuple[Any, Any]
) -> None:
    for on, value in zip((1, 2, 3, 4), (values[0], values[0], values[1], values[1]), strict=True):
        warehouse.track(1, on, **{column: value})

    assert warehouse.rows(star.DimTrack, column, "valid_from", "valid_to", "is_current") == [
        (values[0], day(1), day(3), False),
        (values[1], day(3), None, True),
    ]


def test_nulls_are_no_change(warehouse: SmallWarehouse) -> None:
    for on in (1, 2, 3):
        warehouse.track(1, on, name="T", isrc=None, album_id=None, is_explicit=None)
    assert versions(warehouse, star.DimTrack, 1) == [("T", 1, None)]


def test_an_artist_that_is_only_credited_is_inferred(warehouse: SmallWarehouse) -> None:
    """Its own row is in quarantine, e.g. because it has no name."""
    warehouse.artist(1, 1, name="A")
    for on in (2, 3):
        warehouse.credit(1, 1, on)
        warehouse.credit(1, 7, on, position=2)
        warehouse.credit(1, 7, on, "samba", position=2)

    assert artist_versions(warehouse, 7) == [(None, 2, None)]
    assert warehouse.rows(star.DimArtist, "artist_id", "is_inferred") == [
        (spotify_id("a", 1), False),
        (spotify_id("a", 7), True),
    ]


def test_an_artist_is_inferred_until_it_is_described(warehouse: SmallWarehouse) -> None:
    """What was known of day 1 does not change because day 2 knows more."""
    warehouse.credit(1, 7, 1)
    assert artist_versions(warehouse, 7) == [(None, 1, None)]

    warehouse.artist(7, 2, name="Seven")
    warehouse.credit(1, 7, 3)

    assert artist_versions(warehouse, 7) == [(None, 1, 2), ("Seven", 2, None)]
    assert warehouse.rows(star.DimArtist, "is_inferred") == [(True,), (False,)]


def test_an_album_is_as_it_was_seen_last(warehouse: SmallWarehouse) -> None:
    warehouse.album(1, 3, name="Now", total_tracks=12)
    warehouse.album(1, 1, name="Then", total_tracks=11)
    warehouse.album(2, 2, "samba", name="S")
    warehouse.album(2, 2, "axé", name="A")

    assert warehouse.rows(
        star.DimAlbum, "album_id", "name", "total_tracks", "last_date", "is_inferred"
    ) == [
        (spotify_id("b", 1), "Now", 12, day(3), False),
        (spotify_id("b", 2), "A", 1, day(2), False),
    ]


def test_an_album_that_only_its_tracks_name_is_inferred(warehouse: SmallWarehouse) -> None:
    for on in (1, 2):
        warehouse.track(1, on, album_id=spotify_id("b", 5))
        warehouse.track(2, on, album_id=spotify_id("b", 5))
    warehouse.track(3, 1, album_id=None)

    assert warehouse.rows(
        star.DimAlbum, "album_id", "name", "album_type", "released_from", "last_date", "is_inferred"
    ) == [(spotify_id("b", 5), None, None, None, day(2), True)]


def test_the_bridge_credits_as_seen_last(warehouse: SmallWarehouse) -> None:
    for number, on, genre in ((1, 1, "samba"), (1, 2, "samba"), (1, 2, "axé"), (2, 1, "samba")):
        warehouse.track(number, on, genre)
    warehouse.credit(1, 1, 1, "samba")
    warehouse.credit(1, 2, 1, "samba", position=2)
    warehouse.credit(1, 3, 2, "samba")
    warehouse.credit(1, 4, 2, "axé")
    warehouse.credit(2, 5, 1, "samba")

    assert warehouse.rows(star.BridgeTrackArtist, "track_id", "position", "artist_id") == [
        (spotify_id("t", 1), 1, spotify_id("a", 4)),
        (spotify_id("t", 2), 1, spotify_id("a", 5)),
    ]


def test_the_bridge_keeps_no_credit_that_the_last_sighting_of_the_track_has_not(
    warehouse: SmallWarehouse,
) -> None:
    """On day 2 the credits of track 1 are all in quarantine; of track 2, the second one."""
    for number, on in ((1, 1), (1, 2), (2, 1), (2, 2)):
        warehouse.track(number, on)
    warehouse.credit(1, 1, 1)
    warehouse.credit(2, 2, 1)
    warehouse.credit(2, 3, 1, position=2)
    warehouse.credit(2, 2, 2)

    assert warehouse.rows(star.BridgeTrackArtist, "track_id", "position", "artist_id") == [
        (spotify_id("t", 2), 1, spotify_id("a", 2)),
    ]


def test_the_calendar_has_no_holes(warehouse: SmallWarehouse) -> None:
    for on in (20, 1, 90):
        warehouse.collected(on)
        warehouse.collected(on, "samba")

    rows = warehouse.query(star.DimDate)
    assert rows["date"].to_list() == [day(1) + dt.timedelta(days=days) for days in range(90)]
    for row in rows.iter_rows(named=True):
        date = row["date"]
        assert (row["year"], row["month"], row["day"]) == (date.year, date.month, date.day)
        assert row["quarter"] == (date.month + 2) // 3
        assert (row["iso_week"], row["weekday"]) == date.isocalendar()[1:]
        assert row["is_weekend"] == (date.isoweekday() >= 6)


def test_the_calendar_of_one_day_is_one_day(warehouse: SmallWarehouse) -> None:
    warehouse.collected(1)
    assert warehouse.rows(star.DimDate, "date") == [(day(1),)]


def test_a_genre_has_its_first_and_last_day(warehouse: SmallWarehouse) -> None:
    for on in (4, 2, 9):
        warehouse.collected(on, "samba")
    warehouse.collected(5, "axé")

    assert warehouse.rows(star.DimGenre, "genre", "first_date", "last_date", "days_collected") == [
        ("axé", day(5), day(5), 1),
        ("samba", day(2), day(9), 3),
    ]


def test_a_track_of_a_day_is_a_fact_with_its_place_and_its_rank(warehouse: SmallWarehouse) -> None:
    warehouse.collected(1, tracks_wanted=2)
    for number, popularity in ((1, 10), (2, 20), (3, 30), (4, 40)):
        warehouse.track(number, 1, popularity=popularity)
    for position, number in enumerate((1, 2, 3, 1), start=1):
        warehouse.hit("track", number, position, 1)
    warehouse.make(rankings.RankedTracks)

    assert warehouse.rows(
        star.DailyTracks, "track_id", "popularity", "search_position", "rank"
    ) == [
        (spotify_id("t", 1), 10, 1, 2),
        (spotify_id("t", 2), 20, 2, 1),
        (spotify_id("t", 3), 30, 3, None),
        (spotify_id("t", 4), 40, None, None),
    ]


def test_an_artist_of_a_day_is_a_fact_with_its_followers(warehouse: SmallWarehouse) -> None:
    warehouse.collected(1)
    warehouse.artist(1, 1, popularity=None, followers=None)
    warehouse.artist(2, 1, popularity=9, followers=7)
    warehouse.hit("artist", 2, 1, 1)
    warehouse.make(rankings.RankedArtists)

    assert warehouse.rows(
        star.DailyArtists, "artist_id", "popularity", "followers", "search_position", "rank"
    ) == [
        (spotify_id("a", 1), None, None, None, None),
        (spotify_id("a", 2), 9, 7, 1, 1),
    ]


def test_facts_of_genre_days_do_not_mix(warehouse: SmallWarehouse) -> None:
    for genre, on, position in (("axé", 1, 1), ("axé", 2, 2), ("samba", 1, 3)):
        warehouse.collected(on, genre)
        warehouse.track(1, on, genre, popularity=on)
        warehouse.hit("track", 1, position, on, genre)
    warehouse.make(rankings.RankedTracks)

    assert warehouse.rows(
        star.DailyTracks, "genre", "date", "popularity", "search_position", "rank"
    ) == [("axé", day(1), 1, 1, 1), ("axé", day(2), 2, 2, 1), ("samba", day(1), 1, 3, 1)]


@pytest.mark.parametrize("contract", [*FACTS, *DERIVED], ids=lambda contract: contract.__name__)
def test_of_an_empty_lake_every_table_is_empty(
    warehouse: SmallWarehouse, contract: type[Contract]
) -> None:
    assert warehouse.query(contract).is_empty()


MENTIONS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["artist", "track", "album", "credit", "credit"]),
        "number": st.integers(1, 3),
        "on": st.integers(1, 5),
        "genre": st.sampled_from(["axé", "samba"]),
        "name": st.sampled_from(["A", "B"]),
        "album": st.none() | st.integers(1, 3),
    }
)


def fill(warehouse: SmallWarehouse, mentions: list[dict[str, Any]]) -> None:
    """What was seen, each once a genre-day; a credit is on a track that is there."""
    seen: set[tuple[Any, ...]] = set()
    for one in mentions:
        kind, number, on, genre = one["kind"], one["number"], one["on"], one["genre"]
        if (kind, number, on, genre) in seen:
            continue
        if not any(where == (on, genre) for *_, where in seen):
            warehouse.collected(on, genre)
        seen.add((kind, number, on, genre))
        seen.add(("day", (on, genre)))
        name = {"name": one["name"]}
        if kind == "artist":
            warehouse.artist(number, on, genre, **name)
        if kind == "album":
            warehouse.album(number, on, genre, **name)
        if kind == "track":
            album_id = one["album"] and spotify_id("b", one["album"])
            warehouse.track(number, on, genre, album_id=album_id, **name)
        if kind == "credit" and ("track", number, on, genre) in seen:
            warehouse.credit(number, one["album"] or 9, on, genre)


@settings(max_examples=8)
@given(st.lists(MENTIONS, max_size=30))
def test_for_every_fact_exactly_one_version_fits_and_every_reference_is_found(
    reused_warehouse: SmallWarehouse, mentions: list[dict[str, Any]]
) -> None:
    warehouse = reused_warehouse.emptied()
    fill(warehouse, mentions)
    warehouse.make()
    tables = {contract.table(): warehouse.query(contract) for contract in DERIVED}
    stored: list[type[Contract]] = [processed.Tracks, processed.TrackArtists, *FACTS]
    for contract in stored:
        tables[contract.table()] = warehouse.connection.sql(f"FROM {quoted(contract)}").pl()

    for fact, dimension, key in (
        ("star.fact_track_daily", "star.dim_track", "track_id"),
        ("star.fact_artist_daily", "star.dim_artist", "artist_id"),
    ):
        at_its_time = pl.col("valid_to").is_null() | (pl.col("date") < pl.col("valid_to"))
        fitting = (
            tables[fact]
            .join(tables[dimension], on=key)
            .filter((pl.col("date") >= pl.col("valid_from")) & at_its_time)
        )
        assert fitting.select("genre", "date", key).is_unique().all()
        assert len(fitting) == len(tables[fact])
    for contract in (*stored, *DERIVED):
        for columns, target in contract.references().items():
            named = tables[contract.table()].drop_nulls(columns)
            assert named.join(tables[target], on=columns, how="anti").is_empty(), contract


NAMES = st.dictionaries(
    st.tuples(st.integers(1, 8), st.sampled_from(["axé", "samba"])),
    st.tuples(st.sampled_from(["A", "B"]), st.booleans()),
    min_size=1,
)


@settings(max_examples=15)
@given(NAMES)
def test_versions_are_the_runs_of_days_with_the_same_name(
    reused_warehouse: SmallWarehouse, names: dict[tuple[int, str], tuple[str, bool]]
) -> None:
    warehouse = reused_warehouse.emptied()
    for (on, genre), (name, is_full) in names.items():
        warehouse.artist(1, on, genre, name=name, is_full=is_full)

    daily: dict[int, str] = {}
    for on in sorted({on for on, _ in names}):
        of_the_day = [
            (not names[on, genre][1], genre) for genre in ("axé", "samba") if (on, genre) in names
        ]
        daily[on] = names[on, min(of_the_day)[1]][0]
    begins = [
        on
        for before, on in zip([None, *daily], daily, strict=False)
        if before is None or daily[before] != daily[on]
    ]
    ends = [*begins[1:], None]
    assert artist_versions(warehouse) == [
        (daily[on], on, end) for on, end in zip(begins, ends, strict=True)
    ]
