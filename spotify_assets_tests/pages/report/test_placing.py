"""Where the report lies: whole at every moment, out of date no longer than it must be."""

import json
import os
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import obstore
import pytest
from obstore.store import MemoryStore

from spotify_assets.lake.errors import LakeError
from spotify_assets.lake.store import Remote, Store
from spotify_assets.pages.report import placing
from spotify_assets.pages.report.contents import NoReport
from spotify_assets.pages.report.parts import PARTS, ReportPlace
from spotify_assets.pages.report.placing import NAMES, is_current, remove, write
from spotify_assets_tests.lake.conftest import s3, s3_server
from spotify_assets_tests.lake.s3 import S3

__all__ = ["s3", "s3_server"]


@pytest.fixture
def place(tmp_path: Path) -> ReportPlace:
    return ReportPlace(tmp_path / "public")


@pytest.fixture(params=["memory", "s3"])
def bucket(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Remote:
    """What is reached by any URL."""
    store = Remote(MemoryStore())
    if request.param == "s3":
        server: S3 = request.getfixturevalue("s3")
        store = server.store(server.bucket())

    def opened(_: str) -> Store:
        return store

    monkeypatch.setattr(placing, "open_store", opened)
    return store


def test_a_reader_never_sees_half_of_it(place: ReportPlace, filled: Path, empty: Path) -> None:
    write(place, filled, PARTS)
    is_over = threading.Event()

    def reads() -> int:
        seen = set()
        while not is_over.is_set():
            for name in NAMES:
                text = (place.folder / name).read_text(encoding="utf-8")
                assert text.endswith(("</html>\n", "}\n"))
                seen.add(text)
            json.loads((place.folder / "report.json").read_text(encoding="utf-8"))
        return len(seen)

    with ThreadPoolExecutor(2) as readers:
        reading = [readers.submit(reads) for _ in range(2)]
        for database in [empty, filled] * 4:
            write(place, database, PARTS)
        is_over.set()
    assert max(one.result() for one in reading) > len(NAMES)
    assert sorted(path.name for path in place.folder.iterdir()) == sorted(NAMES)


def test_what_cannot_be_written_leaves_what_was_there(place: ReportPlace, filled: Path) -> None:
    write(place, filled, PARTS)
    before = {name: (place.folder / name).read_bytes() for name in NAMES}
    (place.folder / "pt.html").unlink()
    (place.folder / "pt.html").mkdir()
    (place.folder / "pt.html" / "x").touch()
    with pytest.raises(LakeError, match=r"Cannot write the report to .*pt\.html"):
        write(place, filled, PARTS[:1])
    assert (place.folder / "report.json").read_bytes() == before["report.json"]
    assert not [one for one in place.folder.iterdir() if one.name.startswith(".")]


@pytest.mark.parametrize("held", [None, b"no database" * 1_000])
def test_without_a_warehouse_the_page_before_stays(
    place: ReportPlace, filled: Path, tmp_path: Path, held: bytes | None
) -> None:
    write(place, filled, PARTS)
    if held is not None:
        (tmp_path / "spotify.duckdb").write_bytes(held)
    before = (place.folder / "index.html").read_bytes()
    with pytest.raises(NoReport, match=r"There is nothing to make a report of\. ."):
        write(place, tmp_path / "spotify.duckdb", PARTS)
    assert (place.folder / "index.html").read_bytes() == before


def test_it_is_out_of_date_after_a_publication_or_another_setting(
    place: ReportPlace, filled: Path, tmp_path: Path
) -> None:
    database = tmp_path / "spotify.duckdb"
    shutil.copy(filled, database)
    assert not is_current(place, database, PARTS)
    write(place, database, PARTS)
    assert is_current(place, database, PARTS)
    assert not is_current(place, database, PARTS[:2])
    later = time.time() + 5
    os.utime(database, (later, later))
    assert not is_current(place, database, PARTS)
    (place.folder / "report.json").write_text("[", encoding="utf-8")
    assert not is_current(place, database, PARTS)


def test_a_bucket_gets_the_same_with_its_types(
    tmp_path: Path, filled: Path, bucket: Remote
) -> None:
    place = ReportPlace(tmp_path / "public", "s3://music/report")
    assert write(place, filled, PARTS) == [
        str(place.folder / "index.html"),
        "s3://music/report/index.html",
    ]
    for name in NAMES:
        got = obstore.get(bucket._store, name)
        assert got.attributes["Content-Type"].startswith(
            "application/json" if name.endswith("json") else "text/html"
        )
        assert got.attributes["Cache-Control"] == "public, max-age=60"
        assert bytes(got.bytes()) == (place.folder / name).read_bytes()
    assert remove(place)[-1] == "s3://music/report"
    assert [one for page in obstore.list(bucket._store) for one in page] == []
    assert not list(place.folder.iterdir())


def test_what_was_public_is_taken_away(place: ReportPlace, filled: Path) -> None:
    assert remove(place) == []
    write(place, filled, PARTS)
    assert len(remove(place)) == len(NAMES)
    assert not list(place.folder.iterdir())


def test_parts_that_are_not_named_are_nowhere(place: ReportPlace, filled: Path) -> None:
    write(place, filled, ["topics"])
    assert list(json.loads((place.folder / "report.json").read_text())["parts"]) == ["topics"]
    text = (place.folder / "index.html").read_text(encoding="utf-8")
    assert "Lyrics" in text
    assert "Falésia" not in text
    assert "What was listened to" not in text
