"""The published tables of a label are what the document says of its downloads."""

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from spotify_assets.lake import Lake
from spotify_assets.sandbox import label, label_files
from spotify_assets.sources.release_files import find, import_files
from spotify_assets.sources.release_files.importing import file_id_of
from spotify_assets_tests.model.comparing import Row, different_rows
from spotify_assets_tests.model.conftest import published
from spotify_assets_tests.model.documents import described
from spotify_assets_tests.model.releases import Download, tables

UNTIL = dt.date(2026, 11, 20)
NOW = dt.datetime(2026, 11, 21, 9, tzinfo=dt.UTC)
TABLES = (
    *("star.dim_artist_profile", "star.dim_release", "star.fact_streams_daily"),
    *("star.fact_audience_daily", "star.fact_song_window", "star.fact_playlist_window"),
    *("star.fact_campaign_daily", "star.fact_link_daily", "star.fact_sale_monthly"),
    *("monitoring.release_files", "monitoring.release_revisions"),
)
UNDETERMINED = {"imported_at", "nearest", "notes"}
OTHERS = {
    "Maré Baixa-timeline (1).csv": "date,streams\n2026-11-01,7\n2026-11-02,8\n2026-11-02,8\n"
    "2026-11-03,9\n2026-11-03,10\n2026-11-04,many\n2027-01-01,5\n2026-11-05\n1999-01-01,1\n",
    "Nobody knows-timeline.csv": "date,streams\n2026-11-01,7\n",
    "Northern Pier-songs-28day.csv": "song,listeners,streams,saves,release_date\n"
    "Paper Lanterns,5,4,0,\nUndertow,1,2,9,n/a\nNever heard,1,2,0,\n",
    "Spring.csv": "date,visits,clicks\n2026-11-01,7,3\n",
    "Ads of May.csv": "Day,Campaign name,Age,Gender,Amount spent (EUR),Results\n"
    "2026-05-01,Push,All,All,10.00,4\n2026-05-01,Push,18-24,All,10.00,4\n"
    "2026-05-01,Push,18-24,f,6.00,3\n2026-05-01,Push,18-24,m,4.00,1\n"
    "2026-05-02,Undertow now,All,All,-1.00,1\n2026-05-02,Undertow now,All,All,2.50,\n"
    ",Total,,,12.50,4\n,,,,12.50,4\n",
    "Other sales.csv": "Sales Period,Store Name,Song Title,# Units Sold,Total Earned\n"
    "2026-01,S,Undertow,5,0.5\n2026-01,S,Undertow,6,0.25\n2026-01,S,Unheard,5,0.5\n",
}


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    inbox = tmp_path_factory.mktemp("label")
    for file in label_files.files(1, label.releases(1, UNTIL), UNTIL):
        file.write(inbox)
    for name, text in OTHERS.items():
        path = inbox / name
        path.write_text(text, encoding="utf-8")
        os.utime(path, (NOW.timestamp() - 3600, NOW.timestamp() - 3600))
    return inbox


@pytest.fixture(scope="module")
def model(inbox: Path) -> dict[str, list[Row]]:
    downloads = [
        Download(
            path.name,
            path.read_bytes(),
            dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC),
            file_id_of(path.name, path.read_bytes()),
        )
        for path in inbox.rglob("*")
        if path.is_file()
    ]
    return tables(downloads, NOW.date())


@pytest.fixture(scope="module")
def warehouse(
    inbox: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    lake = Lake(tmp_path_factory.mktemp("releases") / "lake")
    done = import_files(find([inbox]), lake, NOW)
    assert done.refused == []
    with duckdb.connect(published(lake), read_only=True) as connection:
        yield connection


@pytest.mark.parametrize("table", TABLES)
def test_a_table_of_a_label_is_what_the_document_says(
    warehouse: duckdb.DuckDBPyConnection, model: dict[str, list[Row]], table: str
) -> None:
    document = described()[table]
    columns = [name for name in document.types if name not in UNDETERMINED]
    found = warehouse.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
    rows = [dict(zip(columns, row, strict=True)) for row in found]
    expected = [{name: row.get(name) for name in columns} for row in model[table]]
    assert rows
    for row in (*rows, *expected):
        for name, value in row.items():
            # Sums of several numbers differ in their last digits by the order of adding.
            if isinstance(value, float):
                row[name] = round(value, 6)
    assert different_rows(table, rows, expected, document.key, columns) == []
