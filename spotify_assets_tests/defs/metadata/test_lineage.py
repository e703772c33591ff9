"""Where the columns of a query come from is read off the query."""

import pytest

from spotify_assets.defs.metadata.lineage import origins
from spotify_assets.schemas import TABLES, Contract
from spotify_assets.schemas.catalog import rankings, star
from spotify_assets.transforms.expressions import OF_A_GENRE_DAY, OF_ALL_DAYS, inputs

QUERIES = (*OF_A_GENRE_DAY, *OF_ALL_DAYS)


@pytest.mark.parametrize("contract", QUERIES, ids=[one.__name__ for one in QUERIES])
def test_every_column_comes_from_columns_that_the_inputs_have(contract: type[Contract]) -> None:
    found = origins(contract)
    assert list(found) == list(contract.polars_schema())
    for table, column in {origin for those in found.values() for origin in those}:
        assert table in inputs(contract)
        assert column in TABLES[table].polars_schema()


def test_a_name_comes_through_renames_joins_and_unions() -> None:
    assert origins(star.DimTrack)["valid_from"] == [("processed.tracks", "date")]
    assert origins(rankings.RankedTracks)["artist_names"] == [
        ("processed.artists", "name"),
        ("processed.track_artists", "position"),
    ]
    assert origins(rankings.Departures)["id"] == [
        ("rankings.top_artists", "artist_id"),
        ("rankings.top_tracks", "track_id"),
    ]


def test_a_constant_and_a_count_of_rows_come_from_no_column() -> None:
    assert origins(rankings.Departures)["kind"] == []
    assert origins(star.DimGenre)["days_collected"] == []
