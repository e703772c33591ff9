import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from spotify_assets.configuration import secret_store
from spotify_assets_tests.configuration import cloud as clouds


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A folder of its own, nothing of a sign-in set, and no store asked yet."""
    monkeypatch.chdir(tmp_path)
    for name in ("CLIENT_ID", "CLIENT_SECRET", "SANDBOX_URL", "ASSETS_DATA_DIR", "MARKET"):
        monkeypatch.delenv(f"SPOTIFY_{name}", raising=False)
    monkeypatch.setattr(secret_store, "_answers", {})
    return monkeypatch


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clouds.Cloud]:
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificate of the local clouds, and is not here")
    with clouds.running(tmp_path_factory.mktemp("clouds")) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def account(running: clouds.Cloud, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key file of a service account of Google."""
    key = subprocess.run(
        ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    account = tmp_path_factory.mktemp("account") / "account.json"
    account.write_text(
        json.dumps(
            {
                "type": "service_account",
                "client_email": "us@team.iam.gserviceaccount.com",
                "private_key": key,
                "token_uri": "https://oauth2.googleapis.com/token",
            }
        )
    )
    return account


@pytest.fixture
def cloud(running: clouds.Cloud, account: Path, environment: pytest.MonkeyPatch) -> clouds.Cloud:
    """Three clouds that the environment leads to, and somebody to sign in as at each."""
    running.clear()
    for name, value in {
        "HTTPS_PROXY": running.address,
        "REQUESTS_CA_BUNDLE": str(running.certificate),
        "AWS_CA_BUNDLE": str(running.certificate),
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "us",
        "AWS_SECRET_ACCESS_KEY": "ours",  # pragma: allowlist secret
        "AZURE_TENANT_ID": "00000000-0000-0000-0000-000000000000",
        "AZURE_CLIENT_ID": "us",
        "AZURE_CLIENT_SECRET": "ours",  # pragma: allowlist secret
        "GOOGLE_APPLICATION_CREDENTIALS": str(account),
    }.items():
        environment.setenv(name, value)
    return running
