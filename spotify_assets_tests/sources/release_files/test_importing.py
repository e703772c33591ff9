"""Files into the lake: each once, and what an import would change is known before it."""

import datetime as dt
import os
from pathlib import Path

import polars as pl
import pytest

from spotify_assets.lake import Lake
from spotify_assets.lake.release_files import BROKEN_FILE, file_folder
from spotify_assets.sources.release_files import Imported, find, import_files, imported_before

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
LABEL = '[artists.a]\nname = "A"\n'
FORMAT = '[formats.f]\nkind = "links"\ncolumns = { "Tag" = "date", "Klicks" = "clicks" }\n'


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "One-timeline.csv").write_text("date,streams\n2026-01-01,5\n2026-01-02,x\n")
    (inbox / "Two-timeline.csv").write_text("date,streams\n2026-01-01,5\n")
    (inbox / "releases.toml").write_text(LABEL)
    return inbox


def imported(inbox: Path, lake: Lake) -> Imported:
    return import_files(find([inbox]), lake, NOW)


def test_a_file_is_imported_once_and_what_is_not_yet_is_known(inbox: Path, lake: Lake) -> None:
    files = find([inbox])
    assert imported_before(files, lake) is None
    first = imported(inbox, lake)
    assert (len(first.new), first.received, first.broken) == (3, 3, 1)
    assert sorted(imported_before(files, lake) or []) == sorted(first.file_ids)
    again = imported(inbox, lake)
    assert (again.new, again.received, again.file_ids) == ([], 0, first.file_ids)
    (inbox / "Three-timeline.csv").write_text("date,streams\n2026-01-01,5\n")
    assert imported_before(find([inbox]), lake) is None


def test_a_declaration_that_was_saved_later_is_imported_again(inbox: Path, lake: Lake) -> None:
    imported(inbox, lake)
    later = (inbox / "releases.toml").stat().st_mtime + 60
    os.utime(inbox / "releases.toml", (later, later))
    assert imported_before(find([inbox]), lake) is None
    assert imported(inbox, lake).new == []
    assert imported_before(find([inbox]), lake) is not None


def test_another_format_of_the_label_has_files_read_again(inbox: Path, lake: Lake) -> None:
    (inbox / "Links.csv").write_text("Tag;visits;Klicks\n2026-01-01;3;1\n")
    [(name, _)] = imported(inbox, lake).refused
    assert name == "Links.csv"
    (inbox / "releases.toml").write_text(LABEL + FORMAT)
    assert imported(inbox, lake).refused == []
    assert imported_before(find([inbox]), lake) is not None


def test_rows_that_were_set_aside_have_a_file_where_there_are_any(inbox: Path, lake: Lake) -> None:
    imported(inbox, lake)
    files = list(file_folder(lake, "").parent.rglob(BROKEN_FILE))
    assert [pl.read_parquet(file)["source_line"].to_list() for file in files] == [[3]]
