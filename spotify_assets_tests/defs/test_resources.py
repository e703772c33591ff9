from pathlib import Path

import duckdb
import pytest

from spotify_assets.defs.resources import WarehouseResource
from spotify_assets.warehouse.errors import WarehouseError


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
