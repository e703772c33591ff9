"""The secret stores of the clouds: their own SDKs, over TLS, against a local server."""

import datetime as dt
import json
import traceback

import pytest

from spotify_assets.configuration.errors import ConfigurationError, SecretStoreError
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.errors import TokenStoreError
from spotify_assets_tests.configuration.cloud import Cloud
from spotify_assets_tests.sources.spotify_api.token_processes import token

SECRET = "a-secret-nobody-may-see"  # noqa: S105 # pragma: allowlist secret
ADDRESSES = {"aws": "aws:team", "azure": "azure:https://team.vault.azure.net", "gcp": "gcp:team"}

SDKS = {"aws": "boto3", "azure": "azure.identity", "gcp": "google.cloud.secretmanager"}


@pytest.fixture(params=ADDRESSES)
def kind(request: pytest.FixtureRequest, environment: pytest.MonkeyPatch, cloud: Cloud) -> str:
    """A store that is set; it holds nothing."""
    pytest.importorskip(SDKS[request.param], reason=f"the extra {request.param} is not installed")
    environment.setenv("SPOTIFY_SECRETS", ADDRESSES[request.param])
    return str(request.param)


def put(cloud: Cloud, kind: str, secrets: dict[str, str]) -> None:
    """As an operator of that cloud does."""
    cloud.asked.clear()
    if kind == "aws":
        cloud.secrets["team"] = json.dumps(secrets)
    elif kind == "azure":
        cloud.secrets.update({name.replace("_", "-"): text for name, text in secrets.items()})
    else:
        cloud.secrets.update(secrets)


def test_secrets_come_from_the_store_and_nothing_else_is_asked_for(kind: str, cloud: Cloud) -> None:
    put(cloud, kind, {"SPOTIFY_CLIENT_ID": "app", "SPOTIFY_CLIENT_SECRET": SECRET, "OTHER": "x"})

    settings = Settings()

    assert settings.connection.client_id == "app"
    assert settings.connection.client_secret == SECRET
    # One call; or one for the names and one for each of ours; and at Azure one that is challenged.
    assert len(cloud.asked) == {"aws": 1, "azure": 4, "gcp": 3}[kind]
    assert not any("OTHER" in asked for asked in cloud.asked)


def test_a_store_is_asked_once_a_process(kind: str, cloud: Cloud) -> None:
    put(cloud, kind, {"SPOTIFY_CLIENT_SECRET": SECRET})
    Settings()
    asked = len(cloud.asked)

    for _ in range(3):
        secret = Settings().client_secret
        assert secret
        assert secret.get_secret_value() == SECRET

    assert len(cloud.asked) == asked


def test_the_environment_goes_before_the_store(
    kind: str, cloud: Cloud, environment: pytest.MonkeyPatch
) -> None:
    put(cloud, kind, {"SPOTIFY_CLIENT_ID": "stored", "SPOTIFY_CLIENT_SECRET": SECRET})
    environment.setenv("SPOTIFY_CLIENT_ID", "of the environment")

    assert Settings().connection.client_id == "of the environment"


def test_a_refused_login_says_what_to_look_at(kind: str, cloud: Cloud) -> None:
    put(cloud, kind, {"SPOTIFY_CLIENT_SECRET": SECRET})
    cloud.refuses = True

    with pytest.raises(SecretStoreError, match=r"refuses the login \(.*\)\. Check") as raised:
        Settings()

    assert ADDRESSES[kind] in str(raised.value)
    assert SECRET not in "".join(traceback.format_exception(raised.value))
    cloud.refuses = False
    # A refusal is not kept: who mends it need not start again.
    assert Settings().client_secret


def test_a_store_that_is_not_reached_says_so(kind: str, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("HTTPS_PROXY", "http://127.0.0.1:9")

    with pytest.raises(SecretStoreError, match=r"does not answer|refuses the login"):
        Settings()


def test_a_sign_in_is_kept_replaced_and_deleted(
    kind: str, cloud: Cloud, environment: pytest.MonkeyPatch
) -> None:
    put(cloud, kind, {"SPOTIFY_CLIENT_ID": "app"})
    environment.setenv("SPOTIFY_TOKEN_STORE", "secrets")
    store = Settings().user_tokens.store
    assert store.read() is None

    day = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    for signed_in in (day, day + dt.timedelta(days=1)):
        with store.locked():
            store.write(token(signed_in))
        assert store.read() == token(signed_in)

    with store.locked():
        assert store.delete()
        assert not store.delete()
    assert store.read() is None
    with store.locked():
        store.write(token(day))
    assert store.read() == token(day)


def test_a_sign_in_that_the_store_refuses_is_told_without_it(
    kind: str, cloud: Cloud, environment: pytest.MonkeyPatch
) -> None:
    put(cloud, kind, {"SPOTIFY_CLIENT_ID": "app"})
    environment.setenv("SPOTIFY_TOKEN_STORE", "secrets")
    store = Settings().user_tokens.store
    cloud.refuses = True

    with pytest.raises(TokenStoreError, match="refuses the login"), store.locked():
        store.write(token(dt.datetime(2026, 11, 20, tzinfo=dt.UTC)))


def test_a_secret_of_aws_that_is_not_there_is_named(
    cloud: Cloud, environment: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("boto3", reason="the extra aws is not installed")
    environment.setenv("SPOTIFY_SECRETS", "aws:team")

    with pytest.raises(SecretStoreError, match="aws:team does not exist"):
        Settings()


@pytest.mark.parametrize("text", ["open-text", '["a-list"]'])
def test_a_secret_of_aws_that_cannot_be_read_is_not_quoted(
    cloud: Cloud, environment: pytest.MonkeyPatch, text: str
) -> None:
    pytest.importorskip("boto3", reason="the extra aws is not installed")
    environment.setenv("SPOTIFY_SECRETS", "aws:team")
    cloud.secrets["team"] = text

    with pytest.raises(ConfigurationError, match="no JSON object of texts") as raised:
        Settings()

    assert text not in "".join(traceback.format_exception(raised.value))
