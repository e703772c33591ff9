"""Two ways to read raw responses: by their shape, and as loose JSON where one has another shape."""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import polars as pl
import pytest

from spotify_assets.transforms.catalog.pages import read_pages
from spotify_assets.transforms.catalog.responses import RawFile
from spotify_assets_tests.transforms.answers import Answer, answer, as_bytes, seal, search
from spotify_assets_tests.transforms.corrupted import SHAPES, VALUES
from spotify_assets_tests.transforms.music import found, track

GOOD = search(found(tracks=[track(1)]))


def read(files: Sequence[RawFile]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    sources = pl.DataFrame(
        [(str(file.path), file.source_file, file.genre, file.date) for file in files],
        schema=["file", "source_file", "genre", "date"],
        orient="row",
    )
    connection.register("sources", sources.to_arrow())
    connection.execute("SET VARIABLE files = ?", [sources["file"].to_list()])
    read_pages(connection)
    return connection


def went_the_long_way(connection: duckdb.DuckDBPyConnection) -> bool:
    return bool(connection.sql("FROM duckdb_tables() WHERE table_name = 'bodies'").fetchall())


def test_responses_of_the_right_shape_are_read_in_one_pass(tmp_path: Path) -> None:
    connection = read([seal(tmp_path, GOOD, *[one.page for one in VALUES])])
    assert not went_the_long_way(connection)
    assert connection.table("shape_problems").fetchall() == []


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"tracks":', b"\xff"])
def test_an_unreadable_response_does_not_slow_the_others_down(tmp_path: Path, body: bytes) -> None:
    connection = read([seal(tmp_path, GOOD, search(body, page=1))])
    assert not went_the_long_way(connection)


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(search(b'{"tracks":\n{"items":[]}}'), id="on lines"),
        # It fits; but raw keeps as text what looks like a lone surrogate.
        pytest.param(search(found(tracks=[track(1, name="\\ud83d")])), id="text of an escape"),
        pytest.param(answer("artist", []), id="a list"),
        *[pytest.param(one.page, id=one.genre) for one in SHAPES],
    ],
)
def test_what_does_not_fit_is_read_as_loose_json(tmp_path: Path, one: Answer) -> None:
    connection = read([seal(tmp_path, GOOD, one)])
    assert went_the_long_way(connection)


def test_a_misfit_is_noted_at_its_object(tmp_path: Path) -> None:
    body = found(tracks=[track(1), 5, track(2, artists="x", external_ids=[])])
    file = seal(tmp_path, search(as_bytes(body)))

    assert read([file]).table("shape_problems").fetchall() == [
        (file.source_file, 1, "/tracks/items/1", "expected an object, got 5"),
        (
            file.source_file,
            1,
            "/tracks/items/2",
            'external_ids: expected an object, got []; artists: expected a list, got "x"',
        ),
    ]
