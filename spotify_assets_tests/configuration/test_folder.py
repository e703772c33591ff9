"""Secrets as files of a folder: what Docker and Kubernetes lay down, with no package more."""

import os
from pathlib import Path

import pytest
import typer

from spotify_assets.commands.exit_codes import FAILED, OF_KIND, USAGE, settings_or_stop
from spotify_assets.configuration.errors import ConfigurationError, SecretStoreError
from spotify_assets.configuration.sources import secret_names
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.errors import NoCredentials
from spotify_assets.sources.spotify_api.tokens import TokenFile

SECRET = "a-secret-nobody-may-see"  # noqa: S105 # pragma: allowlist secret


@pytest.fixture
def folder(environment: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of secrets, which is set."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    environment.setenv("SPOTIFY_SECRETS", f"dir:{folder}")
    return folder


def client_secret() -> str | None:
    secret = Settings().client_secret
    return secret.get_secret_value() if secret else None


def test_a_file_is_a_secret(folder: Path) -> None:
    (folder / "SPOTIFY_CLIENT_ID").write_text("app\n")
    (folder / "spotify_client_secret").write_text(f"{SECRET}\n")

    assert Settings().connection.client_id == "app"
    assert client_secret() == SECRET


def test_what_is_no_secret_is_not_read_from_there(folder: Path) -> None:
    (folder / "SPOTIFY_MARKET").write_text("SE")

    assert Settings().market == "BR"


def test_each_place_goes_before_the_next(
    folder: Path, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The environment, ``.env``, the secret store, ``config.yaml``."""
    (tmp_path / "config.yaml").write_text("SPOTIFY_CLIENT_ID: config.yaml\nSPOTIFY_MARKET: PT\n")
    assert Settings().client_id == "config.yaml"
    assert Settings().market == "PT"

    other = tmp_path / "other"
    other.mkdir()
    (other / "SPOTIFY_CLIENT_ID").write_text("secret store")
    environment.setenv("SPOTIFY_SECRETS", f"dir:{other}")
    assert Settings().client_id == "secret store"

    (tmp_path / ".env").write_text("SPOTIFY_CLIENT_ID=.env\nSPOTIFY_MARKET=SE\n")
    assert Settings().client_id == ".env"
    assert Settings().market == "SE"

    environment.setenv("SPOTIFY_CLIENT_ID", "environment")
    assert Settings().client_id == "environment"


def test_a_store_is_read_once_a_process(folder: Path) -> None:
    (folder / "SPOTIFY_CLIENT_SECRET").write_text(SECRET)
    assert client_secret() == SECRET

    (folder / "SPOTIFY_CLIENT_SECRET").write_text("another")

    assert client_secret() == SECRET


def test_a_missing_secret_names_the_store(folder: Path) -> None:
    (folder / "SPOTIFY_CLIENT_ID").write_text("app")

    with pytest.raises(NoCredentials, match=f"or the secret store dir:{folder}"):
        _ = Settings().connection


def test_a_folder_that_is_not_there_is_said(folder: Path) -> None:
    folder.rmdir()

    said = f"The secret store dir:{folder} does not exist"
    with pytest.raises(SecretStoreError, match=said) as ended:
        settings_or_stop()

    assert OF_KIND[ended.value.kind] == FAILED


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_said(folder: Path) -> None:
    folder.chmod(0)
    with pytest.raises(SecretStoreError, match="refuses the login"):
        Settings()
    folder.chmod(0o700)


def test_a_file_that_leads_out_of_the_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(SECRET)
    (folder / "SPOTIFY_CLIENT_SECRET").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ConfigurationError, match="resolves outside") as raised:
        Settings()
    assert SECRET not in str(raised.value)


def test_a_file_that_is_no_text_is_said(folder: Path) -> None:
    (folder / "SPOTIFY_CLIENT_SECRET").write_bytes(b"a-secret\xff")

    with pytest.raises(ConfigurationError, match="no UTF-8") as raised:
        Settings()
    assert "a-secret" not in str(raised.value)


@pytest.mark.parametrize("address", ["", ":", "vault:x", "dir:", "/run/secrets", "aws"])
def test_an_address_that_cannot_be_read_is_refused_with_what_to_write(
    environment: pytest.MonkeyPatch, address: str
) -> None:
    environment.setenv("SPOTIFY_SECRETS", address)
    if not address:
        assert Settings().secrets is None
        return
    with pytest.raises(ConfigurationError, match="Write dir:FOLDER, aws:NAME, ") as ended:
        settings_or_stop()
    assert OF_KIND[ended.value.kind] == USAGE


def test_a_command_that_needs_no_secret_works_while_the_store_is_not_reached(folder: Path) -> None:
    folder.rmdir()

    assert settings_or_stop(secrets=False).market == "BR"


def test_the_sign_in_can_lie_there_too(folder: Path, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SPOTIFY_TOKEN_STORE", "secrets")
    (folder / "SPOTIFY_CLIENT_ID").write_text("app")

    store = Settings().user_tokens.store

    assert isinstance(store, TokenFile)
    assert store.path == folder / "SPOTIFY_USER_TOKEN"


def test_a_setting_that_is_wrong_is_shown_and_a_secret_is_not(
    folder: Path, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("SPOTIFY_ARTISTS", "many")
    environment.setenv("SPOTIFY_CLIENT_SECRET", SECRET)

    with pytest.raises(typer.Exit):
        settings_or_stop()
    assert "SPOTIFY_ARTISTS='many'" in capsys.readouterr().err

    with pytest.raises(ValueError, match="SPOTIFY_ARTISTS") as raised:
        Settings()
    assert "many" not in str(raised.value)


def test_no_secret_is_shown_of_settings(folder: Path) -> None:
    for name in secret_names(Settings):
        (folder / name).write_text(SECRET)

    settings = Settings()

    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert "SPOTIFY_CLIENT_SECRET" in secret_names(Settings)
    assert SECRET not in shown
