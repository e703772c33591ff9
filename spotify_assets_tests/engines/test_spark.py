"""Spark makes every row as DuckDB does, of the lake that other tests are hardest with."""

from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from spotify_assets.cli import app
from spotify_assets.lake import Lake
from spotify_assets.lake.listing import files_of
from spotify_assets.schemas import FACTS, RANKED, Contract

pytestmark = pytest.mark.slow


def in_the_lake(lake: Lake, contract: type[Contract]) -> pl.DataFrame:
    """The rows of a table of genre-days, as DuckDB made them in the runs."""
    held = files_of(lake, contract.table())
    rows = pl.concat(pl.read_parquet(lake.path(file)) for file in {one.file for one in held})
    days = pl.DataFrame([(one.genre, one.date) for one in held], ["genre", "date"], orient="row")
    return rows.join(days, on=["genre", "date"], how="semi")


def test_every_table_is_equal_in_every_column(
    remote: str, adversarial: Lake, warehouse: duckdb.DuckDBPyConnection
) -> None:
    from spotify_assets.engines import spark  # noqa: PLC0415 - an extra

    with spark.session_at(remote) as session:
        found = [(one, rows.toArrow()) for one, rows in spark.made(session, adversarial)]
    assert len(found) == 13
    for contract, rows in found:
        is_of_a_day = contract in (*RANKED, *FACTS)
        expected = (
            in_the_lake(adversarial, contract)
            if is_of_a_day
            else warehouse.table(contract.table()).pl()
        )
        by: Any = list(contract.key())
        made = pl.DataFrame(pl.from_arrow(rows)).sort(by)
        assert made.height, contract
        assert_frame_equal(made, expected.sort(by))


def test_the_command_writes_them_where_other_engines_read(
    remote: str, adversarial: Lake, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    words = ["rebuild", "--engine", "spark", "--remote", remote, "--to", str(tmp_path / "made")]
    at = {"SPOTIFY_ASSETS_DATA_DIR": str(adversarial.root.parent)}
    done = CliRunner().invoke(app, words, env=at)
    assert done.exit_code == 0, done.output
    for table in ("rankings.top_tracks", "star.dim_track", "star.bridge_track_artist"):
        files = tmp_path / "made" / table.replace(".", "/") / "*.parquet"
        [(rows,)] = duckdb.sql(f"SELECT count(*) FROM '{files}'").fetchall()
        assert rows == warehouse.table(table).count("*").fetchall()[0][0]

    again = CliRunner().invoke(app, words, env=at)
    assert again.exit_code == 1
    assert "already exists" in " ".join(again.output.split())


@pytest.mark.parametrize(
    ("remote", "said"),
    [
        ("sc://127.0.0.1:1", "No Spark Connect server answers at sc://127.0.0.1:1"),
        ("sc://127.0.0.1:x", "No Spark Connect server answers at sc://127.0.0.1:x"),
        ("spark://master:7077", "'spark://master:7077' is no Spark Connect server"),
    ],
)
def test_a_server_that_is_not_there_is_named(remote: str, said: str, tmp_path: Path) -> None:
    pytest.importorskip("pyspark", reason="pip install 'spotify-assets[spark]'")
    words = ["rebuild", "--engine", "spark", "--remote", remote]
    done = CliRunner().invoke(app, words, env={"SPOTIFY_ASSETS_DATA_DIR": str(tmp_path)})
    assert done.exit_code == 1
    assert said in " ".join(done.output.split())
