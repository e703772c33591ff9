"""Models and predictions in the lake: each once, and nothing half written."""

import datetime as dt
import json
from pathlib import Path

import polars as pl
import pytest

from spotify_assets.lake import DamagedFile, Lake
from spotify_assets.lake import predictions as stored

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
FACTS = json.dumps(dict.fromkeys(stored.FACTS, "x"))


def write(lake: Lake, version: str, hours: int = 0, booster: str | None = None) -> bool:
    at = NOON + dt.timedelta(hours=hours)
    return stored.write_model(lake, version, FACTS, booster, at)


def test_a_model_is_written_once_and_the_one_trained_last_is_the_newest(lake: Lake) -> None:
    assert stored.newest_model(lake) is None
    assert write(lake, "b", 1)
    assert write(lake, "a", 2, "trees")
    assert not write(lake, "b", 9)
    newest = stored.newest_model(lake)
    assert newest
    assert (newest.version, newest.booster) == ("a", "trees")
    assert newest.trained_at == NOON + dt.timedelta(hours=2)
    assert lake.root / newest.file == stored.model_file(lake, "a")
    assert [path.parent.name for path in stored.model_files(lake)] == ["model=a", "model=b"]


@pytest.mark.parametrize("wrong", ["", "{", "{}", "[]"])
def test_a_model_that_is_not_as_it_was_written_is_named(lake: Lake, wrong: str) -> None:
    write(lake, "a")
    path = stored.model_file(lake, "a")
    path.write_text(wrong, encoding="utf-8")
    with pytest.raises(DamagedFile, match="Delete its folder"):
        stored.read_model(lake, path)


def test_what_was_predicted_at_a_time_is_one_file_of_that_time(lake: Lake) -> None:
    rows = pl.DataFrame({"release_id": ["r"]})
    paths = [stored.write_predictions(lake, NOON + dt.timedelta(hours=n), rows) for n in (1, 0)]
    assert stored.prediction_files(lake) == sorted(paths)
    assert stored.read_predictions(paths[0]).equals(rows)
    Path(paths[0]).write_bytes(b"cut")
    with pytest.raises(DamagedFile):
        stored.read_predictions(paths[0])
