"""`admit`: what keeps the contract goes on, the rest is set aside with each rule that it breaks."""

import datetime as dt
import json
import re
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotify_assets.schemas import Contract
from spotify_assets.schemas.catalog import processed
from spotify_assets.schemas.contract import ContractBroken
from spotify_assets.transforms.contracts import PROVENANCE, Admitted, admit
from spotify_assets_tests.transforms.music import spotify_id

DAY = dt.date(2026, 11, 20)
GOOD: dict[type[Contract], dict[str, Any]] = {
    processed.Tracks: {
        "track_id": spotify_id("t", 1),
        "name": "A track",
        "album_id": spotify_id("b", 1),
        "popularity": 50,
        "duration_ms": 180_000,
        "is_explicit": False,
        "disc_number": 1,
        "track_number": 1,
        "isrc": None,
        "is_playable": None,
    },
    processed.Albums: {
        "album_id": spotify_id("b", 1),
        "name": "An album",
        "album_type": None,
        "release_date": "2020-05",
        "release_date_precision": "month",
        "released_from": dt.date(2020, 5, 1),
        "total_tracks": None,
        "artist_ids": [spotify_id("a", 1), None],
    },
}


def candidates(*rows: dict[str, Any], of: type[Contract] = processed.Tracks) -> pl.DataFrame:
    """A candidate for each row, good but for what the row says."""
    columns = {
        **of.polars_schema(),
        **dict.fromkeys(("source_pointer", "problems"), pl.String()),
        "mentions": pl.Int64(),
    }
    plain = {"genre": "forró", "date": DAY, "source_file": "raw/1.jsonl.zst", "problems": ""}
    return pl.DataFrame(
        [
            {
                **plain,
                "source_line": place,
                "source_pointer": f"/items/{place}",
                "mentions": 1,
                **GOOD[of],
                **row,
            }
            for place, row in enumerate(rows, start=1)
        ],
        schema=columns,
    )


def reasons(outcome: Admitted) -> list[str]:
    return outcome.quarantined["reason"].to_list()


def test_rows_that_keep_the_contract_are_the_contracts_rows() -> None:
    outcome = admit(candidates({}, {"track_id": spotify_id("t", 2)}), processed.Tracks)

    processed.Tracks.validate(outcome.kept)
    assert outcome.kept["track_id"].to_list() == [spotify_id("t", 1), spotify_id("t", 2)]
    assert outcome.pointers.to_list() == ["/items/1", "/items/2"]
    assert outcome.quarantined.is_empty()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"popularity": 101}, "popularity: 101 breaks less_than_or_equal_to(100)"),
        ({"popularity": -1}, "popularity: -1 breaks greater_than_or_equal_to(0)"),
        ({"name": None}, "name: is missing"),
        ({"track_id": None}, "track_id: is missing"),
        ({"track_id": "t 1"}, "track_id: t 1 breaks str_matches('^[0-9A-Za-z]{22}$')"),
        ({"disc_number": 0}, "disc_number: 0 breaks greater_than_or_equal_to(1)"),
        (
            {"duration_ms": -(2**63)},
            "duration_ms: -9223372036854775808 breaks greater_than_or_equal_to(0)",
        ),
        (
            {"name": None, "popularity": 101, "duration_ms": -1},
            "duration_ms: -1 breaks greater_than_or_equal_to(0); name: is missing; "
            "popularity: 101 breaks less_than_or_equal_to(100)",
        ),
    ],
)
def test_a_reason_names_column_value_and_rule(row: dict[str, Any], reason: str) -> None:
    outcome = admit(candidates({}, row, {"track_id": spotify_id("t", 3)}), processed.Tracks)

    assert reasons(outcome) == [reason]
    assert outcome.quarantined["source_line"].to_list() == [2]
    assert outcome.pointers.to_list() == ["/items/1", "/items/3"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            {"album_type": "mixtape"},
            "album_type: mixtape breaks isin(['album', 'single', 'compilation', 'ep'])",
        ),
        ({"released_from": None}, "released_from: is missing"),
        (
            {"release_date": "17.5.2020"},
            "release_date: 17.5.2020 breaks str_matches('^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$')",
        ),
    ],
)
def test_words_and_dates_are_held_to_their_rules(row: dict[str, Any], reason: str) -> None:
    outcome = admit(candidates({}, row, of=processed.Albums), processed.Albums)
    assert reasons(outcome) == [reason]
    assert outcome.kept["artist_ids"].to_list() == [[spotify_id("a", 1), None]]


def test_what_was_wrong_with_the_type_is_said_once() -> None:
    problem = 'name: expected text, got 5; popularity: expected a whole number, got "x"'
    outcome = admit(
        candidates({"name": None, "popularity": None, "problems": problem}), processed.Tracks
    )
    assert reasons(outcome) == [problem]


def test_reasons_stay_with_their_rows_where_types_are_wrong_between_them() -> None:
    outcome = admit(
        candidates(
            {"problems": "first"}, {"name": None}, {}, {"problems": "fourth"}, {"popularity": 101}
        ),
        processed.Tracks,
    )
    assert list(zip(outcome.quarantined["source_line"], reasons(outcome), strict=True)) == [
        (1, "first"),
        (2, "name: is missing"),
        (4, "fourth"),
        (5, "popularity: 101 breaks less_than_or_equal_to(100)"),
    ]
    assert outcome.kept["source_line"].to_list() == [3]


def test_a_row_that_is_set_aside_is_kept_as_json() -> None:
    outcome = admit(candidates({"name": 'a "b"\n', "popularity": 101}), processed.Tracks)
    (record,) = outcome.quarantined["record"]

    assert json.loads(record) == {**GOOD[processed.Tracks], "name": 'a "b"\n', "popularity": 101}
    assert not set(json.loads(record)) & set(PROVENANCE)


def test_of_a_key_the_first_row_is_kept() -> None:
    outcome = admit(
        candidates({"popularity": 101}, {"name": "B"}, {"name": "C"}, {"popularity": -1}),
        processed.Tracks,
    )
    assert outcome.kept["name"].to_list() == ["B"]
    assert outcome.pointers.to_list() == ["/items/2"]
    assert _accounts(outcome) == [("forró", 4, 1, 1, 2)]


def test_the_same_key_on_another_day_or_in_another_genre_is_another_row() -> None:
    outcome = admit(
        candidates({}, {"date": DAY + dt.timedelta(days=1)}, {"genre": "samba"}),
        processed.Tracks,
    )
    assert len(outcome.kept) == 3
    assert {account[1:] for account in _accounts(outcome)} == {(1, 1, 0, 0)}


def test_a_row_that_speaks_of_many_objects_counts_for_all_of_them() -> None:
    outcome = admit(
        candidates(
            {"mentions": 5},
            {"mentions": 2, "name": "Again"},
            {"mentions": 3, "track_id": "short"},
        ),
        processed.Tracks,
    )
    assert _accounts(outcome) == [("forró", 10, 1, 8, 1)]


def test_without_candidates_there_is_nothing() -> None:
    outcome = admit(candidates(), processed.Tracks)

    assert outcome.kept.schema == processed.Tracks.polars_schema()
    assert outcome.quarantined.schema == processed.QuarantinedRows.polars_schema()
    assert outcome.reconciliation.is_empty()


def test_where_all_are_set_aside_the_empty_table_keeps_its_contract() -> None:
    outcome = admit(candidates({"name": None}, {"problems": "x"}), processed.Tracks)

    processed.Tracks.validate(outcome.kept)
    assert _accounts(outcome) == [("forró", 2, 0, 0, 2)]


def test_columns_of_another_type_are_our_mistake_and_no_rows_fault() -> None:
    wrong = candidates({}).with_columns(pl.col("popularity").cast(pl.Float64))
    with pytest.raises(ContractBroken):
        admit(wrong, processed.Tracks)


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "genre": st.sampled_from(["axé", "choro"]),
            "track_id": st.sampled_from([spotify_id("t", n) for n in range(4)] + ["short", None]),
            "name": st.sampled_from(["A track", "A track", "", None]),
            "popularity": st.none() | st.integers(-2, 102),
            "disc_number": st.sampled_from([None, 0, 1]),
            "problems": st.sampled_from(["", "", "", "", "name: expected text, got 5"]),
            "mentions": st.integers(1, 3),
        }
    ),
    max_size=12,
)


def is_good(row: dict[str, Any]) -> bool:
    popularity, disc = row["popularity"], row["disc_number"]
    return (
        not row["problems"]
        and re.fullmatch("[0-9A-Za-z]{22}", row["track_id"] or "") is not None
        and row["name"] is not None
        and (popularity is None or 0 <= popularity <= 100)
        and disc != 0
    )


@settings(max_examples=20)
@given(ROWS)
def test_every_candidate_is_kept_or_repeated_or_set_aside(rows: list[dict[str, Any]]) -> None:
    outcome = admit(candidates(*rows), processed.Tracks)

    lines = dict(enumerate(rows, start=1))
    first: dict[tuple[str, str], int] = {}
    for line, row in lines.items():
        if is_good(row):
            first.setdefault((row["genre"], row["track_id"]), line)
    assert outcome.kept["source_line"].to_list() == list(first.values())
    assert outcome.pointers.to_list() == [f"/items/{line}" for line in first.values()]
    assert outcome.quarantined["source_line"].to_list() == [
        line for line, row in lines.items() if not is_good(row)
    ]
    for genre, received, kept, duplicate, quarantined in _accounts(outcome):
        here = [row for row in rows if row["genre"] == genre]
        assert received == sum(row["mentions"] for row in here)
        assert kept == len([1 for where, _ in first if where == genre])
        assert quarantined == len([1 for row in here if not is_good(row)])
        assert received == kept + duplicate + quarantined
        assert duplicate >= 0


def _accounts(outcome: Admitted) -> list[tuple[Any, ...]]:
    columns = ("genre", "received", "kept", "duplicate", "quarantined")
    return outcome.reconciliation.select(columns).rows()
