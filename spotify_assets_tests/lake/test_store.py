"""A key is created once; what was created is read, listed and deleted the same on every store."""

import datetime as dt
import os
from multiprocessing import get_context
from pathlib import Path

import pytest

from spotify_assets.lake.errors import LakeError
from spotify_assets.lake.store import (
    AlreadyThere,
    Folder,
    Remote,
    Store,
    StoreFailed,
    at_once,
    open_store,
)


def test_a_key_is_created_only_once(store: Store) -> None:
    store.create("a/b.json", b"first")
    with pytest.raises(AlreadyThere):
        store.create("a/b.json", b"second")
    assert store.get("a/b.json") == b"first"


def test_what_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(FileNotFoundError):
        store.get("a/b.json")
    assert store.keys("a") == []
    assert store.folders("a") == []


def test_keys_are_listed_in_order_and_after_one(store: Store) -> None:
    for key in ("a/2.json", "a/10.json", "a/b/1.json", "ab/1.json"):
        store.create(key, b"")
    assert store.keys("a") == ["a/10.json", "a/2.json", "a/b/1.json"]
    assert store.keys("a", after="a/10.json") == ["a/2.json", "a/b/1.json"]
    assert store.folders("a") == ["b"]


@pytest.mark.parametrize("name", ["r%26b", "forr%C3%B3", "a%2Fb", "genre=%E6%97%A5"])
def test_a_percent_encoded_name_stays_as_it_is(store: Store, name: str) -> None:
    store.create(f"commits/{name}/1.json", b"x")
    assert store.folders("commits") == [name]
    assert store.keys(f"commits/{name}") == [f"commits/{name}/1.json"]
    assert store.get(f"commits/{name}/1.json") == b"x"


def test_what_is_deleted_is_gone_and_can_be_deleted_again(store: Store) -> None:
    store.create("a/1", b"")
    store.create("a/2", b"")
    store.delete(["a/1", "a/3"])
    store.delete(["a/1"])
    assert store.keys("a") == ["a/2"]


def test_it_is_known_when_an_object_was_made(store: Store) -> None:
    before = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=2)
    store.create("a", b"")
    assert before < store.created_at("a") < dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)
    with pytest.raises(FileNotFoundError):
        store.created_at("b")


def test_a_folder_holds_nothing_but_its_keys(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.create("a/b/c", b"x")
    folder.make_durable(["a/b/c"])
    files = [
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()
    ]
    assert files == ["a/b/c"]
    folder.delete(["a/b/c"])
    assert not (tmp_path / "a").exists()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("no folder", encoding="utf-8")
    with pytest.raises(LakeError, match="What was there before is unchanged"):
        Folder(tmp_path).create("a/b", b"x")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_key_that_cannot_be_deleted_is_said(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.create("a/b", b"x")
    (tmp_path / "a").chmod(0o500)
    with pytest.raises(LakeError, match="Make it and its folder writable"):
        folder.delete(["a/b"])
    (tmp_path / "a").chmod(0o700)


def test_a_url_names_a_store(tmp_path: Path) -> None:
    assert isinstance(open_store(tmp_path), Folder)
    assert isinstance(open_store(f"file://{tmp_path}"), Folder)
    assert isinstance(open_store("memory:///"), Remote)
    with pytest.raises(StoreFailed, match="Write s3://bucket/prefix"):
        open_store("ftp://bucket/prefix")


def test_calls_at_once_keep_their_order_also_in_a_process_that_was_forked() -> None:
    numbers = list(range(50))
    assert at_once(str, numbers) == [str(n) for n in numbers]
    with get_context("fork").Pool(1) as pool:
        assert pool.apply_async(at_once, (str, numbers)).get(10) == [str(n) for n in numbers]
