"""Files as they must not be: each says what is wrong and where, good rows are kept, none breaks."""

import datetime as dt
import gzip
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import polars as pl
import pytest

from spotify_assets.lake import Lake
from spotify_assets.lake.layout import ROWS_FILE
from spotify_assets.lake.release_files import BROKEN_FILE, file_folder
from spotify_assets.sources.release_files import find, import_files
from spotify_assets.sources.release_files.importing import file_id_of

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
GOOD = "date,streams\n2026-01-01,1\n2026-01-02,2\n"
ADS = "Day;Campaign name;Amount spent (EUR)\n2026-01-01;One;1,50\n2026-01-02;One;2,25\n"
SONGS = "song,listeners,streams,saves,release_date\nOne,1,2,1,2025-01-01\n"


def zipped() -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return body.getvalue()


REFUSED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "It is empty"),
    "a byte order mark alone": (b"\xef\xbb\xbf", "It is empty"),
    "blank lines alone": (b"\n\n \n", "It is empty"),
    "an empty export": (b"date,streams\n", "a header and no rows"),
    "a web page": (b"<!DOCTYPE html><html><body>Log in</body></html>", "a web page"),
    "a web page after a mark": (b"\xef\xbb\xbf\n  <html>", "a web page"),
    "a workbook": (zipped(), "not as a spreadsheet"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504, "not as a spreadsheet"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not as a spreadsheet"),
    "a zip's gzip": (gzip.compress(GOOD.encode(), mtime=0), "no text"),
    "UTF-16 without a mark": (GOOD.encode("utf-16-le"), "no text"),
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "no header that is known: '%PDF-1.7'"),
    "JSON": (b'{"date": "2026-01-01", "streams": 1}\n', "no header that is known"),
    "headers of another language": (b"Datum;Wiedergaben\n1.1.2026;5\n", "'Datum;Wiedergaben'"),
    "headers of another table": (b"id,name\n1,Ana\n", "no header that is known: 'id,name'"),
    "no header": (b"2026-01-01,1\n2026-01-02,2\n", "no header that is known: '2026-01-01,1'"),
    "a title before the header": (b"Streams of Tide\n" + GOOD.encode(), "'Streams of Tide'"),
    "spaces for separators": (b"date streams\n2026-01-01 1\n", "'date streams'"),
    "the same column twice": (
        b"date,listeners,streams,streams\n2026-01-01,1,2,2\n",
        "The column 'streams' stands in it twice",
    ),
}
Broken = list[tuple[int, str, str]]
READ: dict[str, tuple[str, int, Broken]] = {
    "cut in a row": (GOOD + "2026-01-0", 2, [(4, "row", "1 cells, the header 2")]),
    "cut in a quote": (SONGS + '"Two, th', 1, [(3, "row", "A quote is opened")]),
    "a quote that is not closed": (
        SONGS + '"Two,1,2,1,2025-01-01\nThree,1,2,1,2025-01-01\n',
        2,
        [(3, "row", "A quote is opened")],
    ),
    "a comma in a title": (SONGS + "Two, then,1,2,1,\n", 1, [(3, "row", "6 cells, the header 5")]),
    "rows of another separator": (
        GOOD + "2026-01-03;3\n2026-01-04\t4\n",
        2,
        [(4, "row", "1 cells"), (5, "row", "1 cells")],
    ),
    "mixed decimal marks": (
        ADS + "2026-01-03;One;3.75\n",
        2,
        [(4, "Amount spent (EUR)", "no number with the decimal mark ','")],
    ),
    "a currency beside a number": (
        ADS + "2026-01-03;One;3,75 €\n",
        2,
        [(4, "Amount spent (EUR)", "no number")],
    ),
    "an amount below 0": (ADS + "2026-01-03;One;-1,50\n", 2, [(4, "spend", "below 0")]),
    "ads of a month": (
        "Reporting starts,Reporting ends,Campaign name,Amount spent (EUR)\n"
        "2026-01-01,2026-01-31,One,5.00\n2026-02-01,2026-02-01,One,5.00\n",
        1,
        [(2, "row", "several days")],
    ),
    "a year to come": (GOOD + "2062-01-03,3\n", 2, [(4, "date", "in the future")]),
    "a year before Spotify": (GOOD + "1925-01-03,3\n", 2, [(4, "date", "before 2006")]),
    "a year of two digits": (GOOD + "03/01/26,3\n", 2, [(4, "date", "no day")]),
    "a day that is none": (GOOD + "2026-02-30,3\n", 2, [(4, "date", "no day")]),
    "the day of a spreadsheet": (GOOD + "46025,3\n", 2, [(4, "date", "no day")]),
    "a day or a month first": (GOOD + "03/04/2026,3\n", 2, [(4, "date", "cannot be told")]),
    "days in both orders": (
        GOOD + "13/04/2026,3\n04/14/2026,4\n",
        3,
        [(5, "date", "no day")],
    ),
    "an empty day": (GOOD + ",3\n", 2, [(4, "date", "empty")]),
    "an empty number": (GOOD + "2026-01-03,\n", 2, [(4, "streams", "empty")]),
    "not known": (GOOD + "2026-01-03,n/a\n", 2, [(4, "streams", "empty")]),
    "a word for a number": (GOOD + "2026-01-03,many\n", 2, [(4, "streams", "no whole number")]),
    "a number below 0": (GOOD + "2026-01-03,-3\n", 2, [(4, "streams", "no whole number")]),
    "a part of a stream": (GOOD + "2026-01-03,3.5\n", 2, [(4, "streams", "no whole number")]),
    "a number as calculators write it": (
        GOOD + "2026-01-03,1.5E+05\n",
        2,
        [(4, "streams", "no whole number")],
    ),
    "a number without end": (
        GOOD + f"2026-01-03,{'9' * 5000}\n",
        2,
        [(4, "streams", "more than 15 digits")],
    ),
    "a zero byte in a number": (
        GOOD + "2026-01-03,3\n" * 400 + "2026-01-04,3\0\n",
        3,
        [(404, "streams", "no whole number")],
    ),
    "more listeners than streams": (
        SONGS + "Two,9,2,1,2025-01-01\n",
        1,
        [(3, "listeners", "more than the streams")],
    ),
    "a sum below the rows": (GOOD + "Total,3\n", 2, [(4, "date", "no day")]),
    "two exports one below the other": (
        GOOD + "date,streams\n2026-01-03,3\n",
        3,
        [(4, "date", "no day"), (4, "streams", "no whole number")],
    ),
    "a day with other numbers": (
        GOOD + "2026-01-02,3\n",
        1,
        [(3, "date", "a duplicate"), (4, "date", "a duplicate")],
    ),
    "a day again": (GOOD + "2026-01-02,2\n", 2, []),
    "a column without a name": (GOOD.replace("\n", ",\n"), 2, []),
    "a separator that Excel is told": ("sep=;\n" + GOOD.replace(",", ";"), 2, []),
    "blank lines between": (GOOD.replace("\n", "\n\n"), 2, []),
    "lines that end in each way": (GOOD.replace("1\n", "1\r") + "2026-01-03,3\r\n", 3, []),
    "spaces around": (GOOD.replace(",", " , "), 2, []),
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake(tmp_path_factory.mktemp("lake"))


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory, lake: Lake) -> dict[str, str]:
    """All of the files are imported together; of each that was refused the reason."""
    inbox = tmp_path_factory.mktemp("inbox")
    for name, (body, _) in REFUSED.items():
        (inbox / f"{name}.csv").write_bytes(body)
    for name, (text, _, _) in READ.items():
        (inbox / f"{name}.csv").write_bytes(text.encode())
    with (inbox / "a gigabyte.csv").open("wb") as file:
        file.write(GOOD.encode())
        file.truncate(1 << 30)
    (inbox / "a folder.csv").mkdir()
    done = import_files(find([inbox]), lake, NOW)
    return dict(done.refused)


def test_there_are_forty_and_more() -> None:
    assert len(REFUSED) + len(READ) >= 50


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_of_which_nothing_can_be_read_is_refused_with_a_reason(
    refused: dict[str, str], name: str
) -> None:
    assert REFUSED[name][1] in refused[f"{name}.csv"]


def test_no_other_file_is_refused_and_a_gigabyte_is_not_even_opened(
    refused: dict[str, str],
) -> None:
    assert set(refused) == {f"{name}.csv" for name in [*REFUSED, "a gigabyte"]}
    assert "larger than 64 MiB" in refused["a gigabyte.csv"]


@pytest.mark.parametrize("name", READ)
def test_what_is_wrong_has_its_line_and_column_and_good_rows_are_kept(
    refused: dict[str, str], lake: Lake, name: str
) -> None:
    assert f"{name}.csv" not in refused
    text, kept, broken = READ[name]
    folder = file_folder(lake, file_id_of(f"{name}.csv", text.encode()))
    assert pl.read_parquet(folder / ROWS_FILE).height == kept
    found = []
    if (folder / BROKEN_FILE).exists():
        found = pl.read_parquet(folder / BROKEN_FILE).sort("source_line").rows()
    places = [(line, column) for line, column, _, _ in found]
    assert places == [(line, column) for line, column, _ in broken]
    for (_, _, _, reason), (_, _, part) in zip(found, broken, strict=True):
        assert part in reason


LARGEST = {
    "days": ("date,streams\n", "2026-01-01,1\n", 1_900_000),
    "quoted": ("title,author,listeners,streams\n", '"a","b",1,2\n', 1_900_000),
    "no days": ("date,streams\n", "x,y\n", 1_900_000),
    "no cells": ("date,streams\n", "x\n", 1_900_000),
    "no lines": ("date,streams\n", "x\n", 30_000_000),
    "open quotes": ("title,author,listeners,streams\n", '"a,b\n', 1_900_000),
}
READ_ALONE = """
import resource, sys, datetime as dt
from pathlib import Path
from spotify_assets.lake import Lake
from spotify_assets.sources.release_files import import_files
done = import_files([Path(sys.argv[1])], Lake(Path(sys.argv[2])), dt.datetime.now(dt.UTC))
print(done.received, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, done.refused)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_files_are_read_or_refused_within_a_gigabyte(tmp_path: Path, name: str) -> None:
    header, row, rows = LARGEST[name]
    file = tmp_path / f"{name}.csv"
    file.write_text(header + row * rows, encoding="utf-8")
    command = [sys.executable, "-c", READ_ALONE, str(file), str(tmp_path / "lake")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    received, peak, refused = done.stdout.split(maxsplit=2)
    # In KiB, but on macOS in bytes.
    assert int(peak) * (1 if sys.platform == "darwin" else 1024) < 1 << 30
    assert (int(received) == rows) != ("More than" in refused or "more than" in refused)
