from pathlib import Path

import dagster as dg
import duckdb
import pytest

from spotify_assets.defs import resources
from spotify_assets.defs.listening.history import import_exports, publish_plays
from spotify_assets.defs.resources import WarehouseResource
from spotify_assets.settings import Settings
from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets_tests.sources.account_export.samples import NAME, play, zipped


def test_the_warehouse_is_closed_where_the_body_raises(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    duckdb.connect(path).close()
    with (
        pytest.raises(ZeroDivisionError),
        WarehouseResource(database=str(path)).get_connection(),
    ):
        raise ZeroDivisionError
    duckdb.connect(path).close()


def test_a_locked_warehouse_is_an_error_at_once(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with (
        duckdb.connect(path),
        pytest.raises(WarehouseError, match="open it read-only"),
        WarehouseResource(database=str(path)).get_connection(),
    ):
        pass


def test_whoever_replaces_the_settings_moves_inbox_lake_publication_and_checks(
    data_dir: Path, tmp_path: Path
) -> None:
    other = Settings().model_copy(update={"data_dir": tmp_path / "other"})
    other.inbox.mkdir(parents=True)
    zipped(other.inbox / "export.zip", {NAME: [play()]})

    done = dg.materialize(
        [import_exports, publish_plays], resources=resources.resources(lambda: other)
    )

    assert done.success
    checks = {one.check_name for one in done.get_asset_check_evaluations()}
    assert "one_listener" in checks
    assert (other.lake.root / "raw").is_dir()
    with duckdb.connect(other.database, read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM star.plays").fetchone() == (1,)
    # What the environment names stays as it was: not even made.
    assert not data_dir.exists()
