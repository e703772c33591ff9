"""What the UI shows of the materializations of a run."""

import datetime as dt
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse
from urllib.request import url2pathname

import dagster as dg
import polars as pl
import pytest

from spotify_assets.defs.metadata import tables as metadata
from spotify_assets.defs.partitions import key_of
from spotify_assets.lake import GenreDay
from spotify_assets.schemas import DERIVED, LAKE, Contract
from spotify_assets.transforms.expressions import OF_A_GENRE_DAY, OF_ALL_DAYS
from spotify_assets_tests.conftest import TODAY, Run

FIRST = TODAY - dt.timedelta(days=1)
DAYS = [GenreDay("rock", FIRST), GenreDay("rock", TODAY)]


def shown(instance: dg.DagsterInstance, table: str) -> dict[str, dict[str, Any]]:
    """By partition, what its last materialization shows, by the label."""
    key = dg.AssetKey(table.split("."))
    events = instance.fetch_materializations(key, limit=100).records
    found = [event.asset_materialization for event in reversed(events)]
    return {
        str(one.partition): {label: value.value for label, value in one.metadata.items()}
        for one in found
        if one
    }


def rows_of(preview: str) -> int:
    return len(preview.splitlines()) - 2


def file_of(uri: str) -> Path:
    return Path(url2pathname(urlparse(uri).path))


@pytest.mark.end_to_end
def test_each_partition_of_a_range_shows_its_own_rows(
    instance: dg.DagsterInstance, run: Run, data_dir: Path
) -> None:
    outcome = run("rock", FIRST, TODAY)
    assert outcome.failure is None
    older, newer = map(key_of, DAYS)
    for table in LAKE:
        of_table = shown(instance, table)
        assert set(of_table) == {older, newer}
        for said in of_table.values():
            file = file_of(said["dagster/uri"])
            assert said["dagster/partition_row_count"] == pl.read_parquet(file).height
            assert rows_of(said["preview"]) == min(10, said["dagster/partition_row_count"])
        said = of_table[newer]
        assert [column.name for column in said["dagster/column_schema"].columns] == list(
            LAKE[table].polars_schema()
        )
    assert "tracks a day" in shown(instance, "processed.tracks")[newer]
    assert "share quarantined" in shown(instance, "quarantine.rows")[newer]

    for contract in DERIVED:
        said = shown(instance, contract.table())[newer]
        assert file_of(said["dagster/uri"]) == data_dir / "spotify.duckdb"
        assert rows_of(said["preview"]) <= min(10, said["dagster/row_count"])

    raw = shown(instance, "raw.catalog")
    for day in DAYS:
        said = raw[key_of(day)]
        assert unquote(said["dagster/uri"]).endswith(f"{day.folder.as_posix()}/0001.jsonl.zst")
        assert said["bytes"] > 0
        assert rows_of(said["preview"]) == min(10, said["dagster/partition_row_count"])

    assert raw[older]["sha256"] != raw[newer]["sha256"]

    # A point of the plot of a check is what is usual of a genre-day, however many a run has.
    (evaluated,) = (
        found
        for entry in instance.all_logs(
            outcome.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
        )
        if entry.dagster_event
        and (found := entry.dagster_event.asset_check_evaluation_data).check_name == "contract"
        and found.asset_key == dg.AssetKey(["processed", "tracks"])
    )
    of_each = shown(instance, "processed.tracks").values()
    rows = sum(one["dagster/partition_row_count"] for one in of_each)
    assert evaluated.metadata["rows a genre-day"].value == rows / 2
    assert f"{rows} rows keep the contract" in str(evaluated.description)
    assert "of 2 genre-days" in str(evaluated.description)


@pytest.mark.parametrize(
    "contract", [*OF_A_GENRE_DAY, *OF_ALL_DAYS], ids=lambda contract: contract.__name__
)
def test_a_table_that_an_expression_makes_shows_it_and_where_its_columns_come_from(
    contract: type[Contract],
) -> None:
    expression = {**OF_A_GENRE_DAY, **OF_ALL_DAYS}[contract]
    # Of the asset, and not of one partition: the UI shows whichever was stored last.
    asset = metadata.table_spec(contract, [], kinds={"sql"})
    assert f"def {expression.__name__}(" in asset.metadata["expression"].value
    said = metadata.of_table(contract)
    assert list(said["dagster/column_lineage"].deps_by_column) == list(contract.polars_schema())
    for column in contract.polars_schema():
        assert f"- `{column}`: " in said["column lineage"].value


def test_a_table_that_is_read_off_responses_has_no_expression_to_show() -> None:
    contract = LAKE["processed.tracks"]
    assert "column lineage" not in metadata.of_table(contract)
    assert "expression" not in metadata.table_spec(contract, [], kinds={"sql"}).metadata


@pytest.mark.slow
@pytest.mark.end_to_end
def test_of_a_run_of_very_many_genre_days_the_newest_alone_is_described(
    instance: dg.DagsterInstance, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "MAX_DESCRIBED_APART", 1)
    assert run("rock", FIRST, TODAY, artists=5, tracks=5).failure is None
    older, newer = (shown(instance, "processed.tracks")[key_of(day)] for day in DAYS)
    assert "dagster/partition_row_count" not in older
    assert newer["dagster/partition_row_count"] > 0
    # The columns of all of them are shown with the asset itself.
    assert "dagster/column_schema" in newer
