"""Contracts: each table says what it is, and what it says holds."""

import re
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandera.errors import SchemaErrors

from spotify_assets.schemas import (
    COMMENTS,
    DERIVED,
    FACTS,
    LAKE,
    LAKE_ONLY,
    LISTENING,
    LOGS,
    PREDICTIONS,
    PROCESSED,
    RANKED,
    RELEASES,
    TABLES,
    WAREHOUSE,
    Contract,
    comments,
    listening,
    releases,
)
from spotify_assets.schemas import columns as c
from spotify_assets.schemas.catalog import processed, rankings, star
from spotify_assets.schemas.contract import ID_PATTERN, ContractBroken, _is_kept, _schema
from spotify_assets.warehouse.tables import TYPES

EVERY = list(dict.fromkeys([*WAREHOUSE.values(), *LAKE.values(), *LAKE_ONLY]))
each = pytest.mark.parametrize("contract", EVERY, ids=lambda contract: contract.__name__)


def names(contract: type[Contract]) -> list[str]:
    return [column.name for column in contract.columns()]


@each
def test_a_table_says_what_it_is(contract: type[Contract]) -> None:
    assert contract.__doc__
    assert contract.__doc__ != Contract.__doc__
    assert re.fullmatch(r"[A-Z].*\.", contract.description())
    assert "\n" not in contract.description()
    assert contract.grain()
    assert not contract.grain().endswith(".")


@each
def test_a_row_is_known_by_its_key(contract: type[Contract]) -> None:
    assert contract.key()
    assert set(contract.key()) <= set(names(contract))
    assert not [one for one in contract.columns() if one.name in contract.key() and one.nullable]


@each
def test_each_column_is_described(contract: type[Contract]) -> None:
    for column in contract.columns():
        assert re.fullmatch(r"\S.*\.", column.description), column.name
        assert "FieldInfo" not in column.description


@each
def test_a_tables_name_is_the_contracts_name(contract: type[Contract]) -> None:
    name = contract.table().partition(".")[2]
    in_snake_case = re.sub(r"(?<!^)(?=[A-Z])", "_", contract.__name__).lower()
    quarantine = (
        processed.QuarantinedRows,
        listening.QuarantinedPlays,
        releases.QuarantinedReleaseRows,
        comments.QuarantinedComments,
    )
    if contract in (*quarantine, *RANKED, *FACTS):
        # A layer of its own; what a genre-day knows of the table that `Top…`, `Fact…` completes.
        return
    assert name == in_snake_case


@each
def test_every_type_is_one_that_duckdb_has_a_column_for(contract: type[Contract]) -> None:
    assert {column.dtype for column in contract.columns()} <= set(TYPES)


@each
def test_references_point_to_columns_that_are_there(contract: type[Contract]) -> None:
    for columns, target in contract.references().items():
        here, there = contract.polars_schema(), WAREHOUSE[target].polars_schema()
        for column in columns:
            assert here[column] == there[column], (contract, column)


@each
def test_an_empty_frame_of_the_types_keeps_the_contract(contract: type[Contract]) -> None:
    empty = pl.DataFrame(schema=contract.polars_schema())
    assert contract.validate(empty).equals(empty)


def test_tables_are_filed_under_their_names() -> None:
    for tables in (LAKE, TABLES, WAREHOUSE):
        for name, contract in tables.items():
            assert name == contract.table()


def test_the_warehouse_holds_every_table_once() -> None:
    assert list(LAKE) == [one.table() for one in (*PROCESSED, *RANKED, *FACTS)]
    assert set(TABLES) == {*LAKE, *(one.table() for one in DERIVED)}
    logs = {contract.table() for contract in LOGS}
    assert set(WAREHOUSE) - set(TABLES) == {
        "monitoring.partitions",
        "monitoring.lake_commits",
        "monitoring.damaged_files",
        "monitoring.definition",
        "monitoring.history_files",
        "monitoring.release_sources",
        "monitoring.comment_sources",
        "monitoring.prediction_sources",
        *(contract.table() for contract in (*LISTENING, *RELEASES, *PREDICTIONS, *COMMENTS)),
        *logs,
    }
    assert WAREHOUSE["rankings.top_tracks"] is rankings.TopTracks
    assert WAREHOUSE["rankings.top_artists"] is rankings.TopArtists


def test_every_table_of_the_lake_is_of_genre_days() -> None:
    for contract in LAKE.values():
        assert names(contract)[:2] == ["genre", "date"]
        assert contract.key()[:2] == ("genre", "date")


def test_a_column_has_the_same_type_wherever_it_stands() -> None:
    types: dict[str, set[pl.DataType]] = {}
    for contract in EVERY:
        for column in contract.columns():
            types.setdefault(column.name, set()).add(column.dtype)
    assert {name for name, several in types.items() if len(several) > 1} == set()


def test_every_row_that_is_read_off_a_response_names_its_place() -> None:
    for contract in set(PROCESSED) - {processed.Extracts, processed.Reconciliation}:
        assert {"source_file", "source_line"} <= set(names(contract))


@pytest.mark.parametrize(
    ("day", "top"), [(RANKED[0], rankings.TopTracks), (RANKED[1], rankings.TopArtists)]
)
def test_a_ranking_is_what_its_day_knows_and_the_movement(
    day: type[Contract], top: type[Contract]
) -> None:
    movement = ["previous_rank", "previous_date", "movement", "status"]
    assert names(top) == [*names(day), *movement]


@pytest.mark.parametrize(
    ("day", "fact"), [(FACTS[0], star.FactTrackDaily), (FACTS[1], star.FactArtistDaily)]
)
def test_a_fact_is_what_its_day_knows_and_the_key_of_a_version(
    day: type[Contract], fact: type[Contract]
) -> None:
    *known, key = names(fact)
    assert known == names(day)
    dimension = WAREHOUSE[fact.references()[key,]]
    assert dimension.surrogate() == key
    assert WAREHOUSE[fact.table()] is fact
    assert LAKE[fact.table()] is day


ID = "0" * 22
ROW: dict[str, Any] = {"artist_id": ID, "position": 1, "track_id": ID} | dict.fromkeys(
    ("track_key", "artist_key"), 1
)


def bridge(**changes: object) -> pl.DataFrame:
    schema = star.BridgeTrackArtist.polars_schema()
    return pl.DataFrame([{**ROW, **changes}], schema=schema)


def test_a_row_that_keeps_the_contract_passes() -> None:
    assert star.BridgeTrackArtist.validate(bridge()).equals(bridge())


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(bridge().drop("position"), id="a column too few"),
        pytest.param(bridge().with_columns(more=pl.lit(1)), id="a column too many"),
        pytest.param(bridge().select("position", "track_id", "artist_id"), id="another order"),
        pytest.param(bridge().with_columns(pl.col("position").cast(pl.Int64)), id="another type"),
        pytest.param(bridge(position=None), id="a null"),
        pytest.param(bridge(position=0), id="a position of 0"),
        pytest.param(bridge(track_id="0" * 21), id="a short id"),
        pytest.param(bridge(track_id="0" * 23), id="a long id"),
        pytest.param(bridge(track_id="0" * 22 + "\n"), id="an id and a line end"),
        pytest.param(bridge(track_id="-" * 22), id="an id of other signs"),
    ],
)
def test_a_row_that_does_not_is_found(rows: pl.DataFrame) -> None:
    with pytest.raises(ContractBroken):
        star.BridgeTrackArtist.validate(rows)


class Sample(
    Contract, table="samples.sample", grain="one of each rule", key=("id",), references={}
):
    """A table with
    a column of each rule.
    """

    id: str = c.spotify_id("thing")
    genre: str = c.genre()
    popularity: pl.Int32 = c.popularity()
    place: pl.Int32 = c.position("Place.")
    size: pl.Int64 = c.count("Size.", nullable=True)
    word: str = c.one_of(["a", "b"], "Word.")
    text: str = c.text("Text.", nullable=True)
    even: pl.Int64 = c.column(ge=0, le=2, description="Even.")


def test_a_contract_is_read_off_its_class() -> None:
    assert Sample.table() == "samples.sample"
    assert Sample.grain() == "one of each rule"
    assert Sample.key() == ("id",)
    assert Sample.references() == {}
    assert Sample.description() == "A table with a column of each rule."


def test_rules_are_said_in_words() -> None:
    assert {column.name: column.rule for column in Sample.columns()} == {
        "id": f"matches `{ID_PATTERN}`",
        "genre": "at least 1 character(s)",
        "popularity": "≥ 0, ≤ 100",
        "place": "≥ 1",
        "size": "≥ 0",
        "word": "one of `a`, `b`",
        "text": "",
        "even": "≥ 0, ≤ 2",
    }


def test_nulls_are_allowed_where_it_says_so() -> None:
    assert [column.name for column in Sample.columns() if column.nullable] == [
        "popularity",
        "size",
        "text",
    ]


def test_types_are_those_of_the_columns() -> None:
    schema = processed.Albums.polars_schema()
    assert schema["released_from"] == pl.Date()
    assert schema["artist_ids"] == pl.List(pl.String())
    assert schema["total_tracks"] == pl.Int32()
    assert processed.Tracks.polars_schema()["is_explicit"] == pl.Boolean()


ANY_ROW = st.fixed_dictionaries(
    {
        "id": st.sampled_from([ID, ID[1:], None]),
        "genre": st.sampled_from(["rock", "", None]),
        "popularity": st.sampled_from([0, 100, -1, 101, None]),
        "place": st.sampled_from([1, 0, None]),
        "size": st.sampled_from([0, -1, None]),
        "word": st.sampled_from(["a", "b", "c", "", None]),
        "text": st.sampled_from(["", "é", None]),
        "even": st.sampled_from([0, 2, 3, None]),
    }
)


@given(rows=st.lists(ANY_ROW, max_size=3))
def test_one_pass_over_the_rows_finds_what_pandera_finds(rows: list[dict[str, Any]]) -> None:
    frame = pl.DataFrame(rows, schema=Sample.polars_schema())
    try:
        _schema(Sample).validate(frame, lazy=True)
    except SchemaErrors:
        assert not _is_kept(Sample, frame)
    else:
        assert _is_kept(Sample, frame)
