import datetime as dt
import os
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotify_assets.sources.spotify_api.errors import TokenStoreError
from spotify_assets.sources.spotify_api.tokens import (
    LIFETIME,
    TokenFile,
    TokenKeyring,
    TokenStore,
    UserToken,
)
from spotify_assets_tests.lake import processes
from spotify_assets_tests.sources.spotify_api.token_processes import token, writes_on_a_full_disk

SIGNED_IN = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
TOKEN = token(SIGNED_IN, refresh_token="a-refresh-token-nobody-may-see")  # noqa: S106 - of nobody


class MemoryBackend(keyring.backend.KeyringBackend):
    """A keyring that lasts as long as the test."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


class LockedBackend(MemoryBackend):
    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked(f"{service} is locked for {username}")


@pytest.fixture
def backend() -> Iterator[MemoryBackend]:
    before = keyring.get_keyring()
    memory = MemoryBackend()
    keyring.set_keyring(memory)
    yield memory
    keyring.set_keyring(before)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "app.token.json"


@pytest.fixture
def file(path: Path) -> TokenFile:
    return TokenFile(path)


@pytest.fixture(params=["file", "keyring"])
def store(
    request: pytest.FixtureRequest, path: Path, backend: MemoryBackend
) -> TokenFile | TokenKeyring:
    return (
        TokenFile(path) if request.param == "file" else TokenKeyring("app", path.with_suffix(".l"))
    )


def put(store: TokenStore, token: UserToken = TOKEN) -> None:
    with store.locked():
        store.write(token)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_stored_is_read_again(store: TokenStore) -> None:
    assert store.read() is None
    put(store)
    assert store.read() == TOKEN


def test_a_new_token_replaces_the_old_one(store: TokenStore) -> None:
    put(store)
    later = token(SIGNED_IN + dt.timedelta(days=1))
    put(store, later)
    assert store.read() == later


def test_a_deleted_token_is_gone(store: TokenStore) -> None:
    put(store)
    with store.locked():
        assert store.delete()
        assert not store.delete()
    assert store.read() is None


def test_a_lock_keeps_all_others_waiting(store: TokenStore) -> None:
    entered = threading.Event()

    def enter() -> None:
        with store.locked():
            entered.set()

    other = threading.Thread(target=enter)
    with store.locked():
        other.start()
        assert not entered.wait(0.05)
    assert entered.wait(5)
    other.join()


def test_nobody_but_its_owner_can_read_what_is_written(file: TokenFile) -> None:
    before = os.umask(0)
    try:
        put(file)
    finally:
        os.umask(before)
    assert mode(file.path) == 0o600
    assert mode(file.path.parent) == 0o700


def test_a_file_that_a_crash_left_is_neither_written_into_nor_kept(file: TokenFile) -> None:
    file.path.parent.mkdir()
    left = file.path.with_name(f"{file.path.name}.new")
    left.write_text("half a token")
    left.chmod(0o644)

    put(file)

    assert mode(file.path) == 0o600
    assert not left.exists()


def test_deleting_forgets_what_a_crash_left_too(file: TokenFile) -> None:
    put(file)
    file.path.with_name(f"{file.path.name}.new").write_text("half a token")
    with file.locked():
        file.delete()
    assert [path.suffix for path in file.path.parent.iterdir()] == [".lock"]


@pytest.mark.parametrize("open_to", [0o640, 0o604, 0o644, 0o620, 0o666, 0o601])
def test_a_file_that_others_can_reach_is_refused_until_it_is_closed(
    file: TokenFile, open_to: int
) -> None:
    put(file)
    file.path.chmod(open_to)

    with pytest.raises(TokenStoreError, match="known to them") as raised:
        file.read()

    assert f"chmod 600 {file.path}" in str(raised.value)
    assert "spotify-assets login" in str(raised.value)
    file.path.chmod(0o600)
    assert file.read() == TOKEN


def test_signing_in_again_closes_an_open_file(file: TokenFile) -> None:
    put(file)
    file.path.chmod(0o644)
    put(file)
    assert file.read() == TOKEN


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[:0],
        lambda whole: whole[: len(whole) // 2],
        lambda whole: b"\xff" + whole,
        lambda whole: b"[" + whole + b"]",
        lambda whole: whole.replace(b"refresh_token", b"refreshtoken"),
        lambda whole: whole.replace(b"2026-11-20T12:00:00Z", b"a-refresh-token-nobody-may-see"),
        lambda whole: whole.replace(b"2026-11-20T12:00:00Z", b"2026-11-20T12:00:00"),
    ],
)
def test_a_damaged_token_is_refused_and_nothing_of_it_shown(
    file: TokenFile, damage: Callable[[bytes], bytes]
) -> None:
    put(file)
    file.path.write_bytes(damage(file.path.read_bytes()))

    with pytest.raises(TokenStoreError, match="damaged") as raised:
        file.read()

    assert str(file.path) in str(raised.value)
    assert "spotify-assets login" in str(raised.value)
    assert "nobody-may-see" not in str(raised.value)
    assert raised.value.__cause__ is raised.value.__context__ is None


def test_a_write_that_fails_leaves_the_old_token(file: TokenFile) -> None:
    put(file)

    done = processes.run(writes_on_a_full_disk, file.path)

    assert "TokenStoreError" in done.stderr
    assert "cannot be written" in done.stderr
    assert file.read() == TOKEN


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file, not a folder")
    with (
        pytest.raises(TokenStoreError, match="SPOTIFY_TOKEN_FILE"),
        TokenFile(tmp_path / "config" / "token.json").locked(),
    ):
        pass


def test_a_missing_keyring_package_says_what_to_install(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(TokenStoreError, match=r"pip install 'spotify-assets\[keyring\]'"):
        TokenKeyring("app", path)


def test_a_locked_keyring_says_what_to_do(path: Path, backend: MemoryBackend) -> None:
    keyring.set_keyring(LockedBackend())
    with pytest.raises(TokenStoreError, match=r"is locked for app\. Unlock it"):
        TokenKeyring("app", path).read()


def test_a_token_does_not_show_its_secrets() -> None:
    assert TOKEN.client_id in repr(TOKEN)
    assert TOKEN.access_token not in repr(TOKEN)
    assert TOKEN.refresh_token not in repr(TOKEN)


@given(st.timedeltas(min_value=dt.timedelta(0), max_value=2 * LIFETIME))
def test_days_are_left_for_as_long_as_it_holds(since: dt.timedelta) -> None:
    left = TOKEN.days_left(SIGNED_IN + since)
    assert (left == 0) == (since >= LIFETIME)
    # Begun days count.
    assert left == 0 or dt.timedelta(days=left - 1) < LIFETIME - since <= dt.timedelta(days=left)


def test_half_a_year_is_left_after_the_sign_in() -> None:
    assert TOKEN.days_left(SIGNED_IN) == 182
    assert TOKEN.days_left(SIGNED_IN + dt.timedelta(days=152)) == 30
