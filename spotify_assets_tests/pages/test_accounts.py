"""Accounts: one name once, invitations that hold once, sessions that end."""

import datetime as dt
from pathlib import Path

import pytest

pytest.importorskip("pwdlib", reason="needs the extra `pages`")

from spotify_assets.pages import accounts as module
from spotify_assets.pages.accounts import AccountError, Accounts, Role

PASSWORD = "correct horse battery"  # noqa: S105 # pragma: allowlist secret


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Accounts:
    found = Accounts(tmp_path_factory.mktemp("data") / "accounts.sqlite")
    found.add("ana", PASSWORD, Role.curator)
    return found


def test_a_session_is_of_whoever_signed_in_until_they_sign_out(accounts: Accounts) -> None:
    token = accounts.sign_in("Ana", PASSWORD)
    assert token is not None
    account = accounts.of_session(token)
    assert account is not None
    assert (account.name, account.role) == ("ana", Role.curator)
    accounts.sign_out(token)
    assert accounts.of_session(token) is None


@pytest.mark.parametrize(
    ("name", "password"), [("ana", "wrong horse battery"), ("bia", PASSWORD), ("", "")]
)
def test_nobody_else_gets_a_session(accounts: Accounts, name: str, password: str) -> None:
    assert accounts.sign_in(name, password) is None


@pytest.mark.parametrize("token", [None, "", "x", "é", "' OR 1=1 --", "\ud800"])
def test_what_is_no_token_is_of_nobody(accounts: Accounts, token: str | None) -> None:
    assert accounts.of_session(token) is None


def test_a_session_ends_by_itself(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    token = accounts.sign_in("ana", PASSWORD)
    later = dt.datetime.now(dt.UTC) + module.SESSION
    monkeypatch.setattr(module, "_now", lambda: later - dt.timedelta(minutes=1))
    assert accounts.of_session(token) is not None
    monkeypatch.setattr(module, "_now", lambda: later + dt.timedelta(minutes=1))
    assert accounts.of_session(token) is None


def test_a_removed_account_ends_its_sessions(accounts: Accounts) -> None:
    accounts.add("caio", PASSWORD, Role.reader)
    token = accounts.sign_in("caio", PASSWORD)
    accounts.remove("caio")
    assert accounts.of_session(token) is None
    assert accounts.sign_in("caio", PASSWORD) is None
    with pytest.raises(AccountError, match="no account 'caio'"):
        accounts.remove("caio")


def test_an_invitation_holds_once(accounts: Accounts) -> None:
    token = accounts.invite(Role.reader)
    with pytest.raises(AccountError, match="already"):
        accounts.accept(token, "ANA", PASSWORD)
    accounts.accept(token, "bia", PASSWORD)
    assert not accounts.is_invited(token)
    with pytest.raises(AccountError, match="used"):
        accounts.accept(token, "dora", PASSWORD)
    assert [one.name for one in accounts.listed()] == ["ana", "bia"]


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("", PASSWORD, "no name"),
        ("<b>x</b>", PASSWORD, "no name"),
        ("x" * 65, PASSWORD, "no name"),
        ("eva", "short", "12 to 256"),
        ("eva", "x" * 257, "12 to 256"),
    ],
)
def test_what_cannot_be_an_account_is_said(
    accounts: Accounts, name: str, password: str, said: str
) -> None:
    with pytest.raises(AccountError, match=said):
        accounts.add(name, password, Role.reader)


def test_neither_passwords_nor_tokens_lie_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "accounts.sqlite"
    accounts = Accounts(path)
    accounts.add("ana", PASSWORD, Role.reader)
    token, invitation = accounts.sign_in("ana", PASSWORD), accounts.invite(Role.reader)
    assert token is not None
    held = path.read_bytes()
    assert b"$argon2id$" in held
    assert not any(secret.encode() in held for secret in (PASSWORD, token, invitation))
    assert path.stat().st_mode & 0o077 == 0


def test_a_damaged_file_is_an_error_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "accounts.sqlite"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(AccountError, match=r"accounts\.sqlite cannot be used"):
        Accounts(path)
