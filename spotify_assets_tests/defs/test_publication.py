"""What publishing says of what it had to leave out."""

import datetime as dt
import logging
from pathlib import Path

import pytest

from spotify_assets.defs.publication import publish_now
from spotify_assets.lake import GenreDay
from spotify_assets.settings import Settings
from spotify_assets_tests.lake.test_retention import add_genre_day


def test_a_damaged_file_is_told_of_in_one_line_with_the_command_that_mends_it(
    data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings()
    add_genre_day(settings.lake, GenreDay("rock", dt.date(2026, 11, 19)), ["one"])
    [file] = (settings.lake.root / "star" / "fact_track_daily").rglob("*.parquet")
    file.write_bytes(file.read_bytes()[:100])

    with caplog.at_level(logging.WARNING):
        publish_now(settings)

    [said] = [one for one in caplog.messages if "left out of the warehouse" in one]
    assert said.endswith("spotify-assets backfill --genre rock --date 2026-11-19")
    assert "\n" not in said
    assert "\\n" not in said
