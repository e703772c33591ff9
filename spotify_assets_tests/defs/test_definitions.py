from typing import Any

from spotify_assets.definitions import defs
from spotify_assets.schemas import PROCESSED, RANKED, TABLES

GRAPH = {
    "raw/catalog": [],
    **{contract.table().replace(".", "/"): ["raw/catalog"] for contract in PROCESSED},
    "rankings/top_tracks": [
        "processed/artists",
        "processed/collections",
        "processed/search_results",
        "processed/track_artists",
        "processed/tracks",
    ],
    "rankings/top_artists": [
        "processed/artists",
        "processed/collections",
        "processed/search_results",
    ],
    "rankings/departures": [
        "processed/collections",
        "rankings/top_artists",
        "rankings/top_tracks",
    ],
    "star/fact_track_daily": [
        "processed/search_results",
        "processed/tracks",
        "rankings/top_tracks",
    ],
    "star/fact_artist_daily": [
        "processed/artists",
        "processed/search_results",
        "rankings/top_artists",
    ],
    "star/dim_date": ["processed/collections"],
    "star/dim_genre": ["processed/collections"],
    "star/dim_artist": ["processed/artists", "processed/track_artists"],
    "star/dim_track": ["processed/tracks"],
    "star/dim_album": ["processed/albums", "processed/tracks"],
    "star/bridge_track_artist": ["processed/track_artists"],
    "publish/spotify_duckdb": sorted(table.replace(".", "/") for table in TABLES),
}


def graph() -> Any:
    return defs().resolve_asset_graph()


def test_the_graph_of_the_assets_changes_only_with_this_test() -> None:
    nodes = {
        node.key.to_user_string(): sorted(key.to_user_string() for key in node.parent_keys)
        for node in graph().asset_nodes
    }
    assert nodes == GRAPH


def test_every_asset_is_by_genre_and_day_and_in_the_group_of_its_layer() -> None:
    for node in graph().asset_nodes:
        assert node.partitions_def.partition_dimension_names == ["date", "genre"]
        assert node.group_name == node.key.path[0]
        assert node.description


def test_every_table_has_its_contract_as_a_blocking_check_and_its_columns() -> None:
    checks = {
        key.asset_key.to_user_string(): graph().get_check_spec(key)
        for key in graph().asset_check_keys
        if key.name == "contract"
    }
    tables = {table.replace(".", "/") for table in TABLES}
    assert set(checks) == tables
    assert all(check.blocking for check in checks.values())
    for node in graph().asset_nodes:
        if node.key.to_user_string() in tables:
            assert node.metadata["dagster/column_schema"].columns


def test_what_ranks_know_of_other_days_is_left_to_the_publication() -> None:
    for contract in RANKED:
        assert "movement" not in contract.polars_schema()
        assert "movement" in TABLES[contract.table()].polars_schema()
