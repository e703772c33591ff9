"""No token and no client secret is ever written down."""

import base64
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard

from spotify_assets.lake.journal import CollectionParameters
from spotify_assets.lake.raw import RawPartition
from spotify_assets.sources.spotify_api.client import ATTEMPTS, Client
from spotify_assets.sources.spotify_api.collect import collect
from spotify_assets.sources.spotify_api.errors import SpotifyError
from spotify_assets_tests.sources.spotify_api import faults, pages
from spotify_assets_tests.sources.spotify_api.conftest import TODAY

Playing = Callable[..., tuple[Client, faults.Script]]
TERMS = CollectionParameters(source="spotify", market="BR", artists=10, tracks=60)
INVALID_CLIENT = faults.says_json(
    {"error": "invalid_client", "error_description": "Invalid client secret"}, 400
)


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, "spotify_assets")
    return caplog


def test_a_collection_with_every_kind_of_trouble_writes_no_secret_down(
    playing: Playing, rock: RawPartition, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    client, script = playing(
        faults.EXPIRED,
        faults.too_many("3"),
        faults.Says(500, b"<html>"),
        faults.CUT,
        pages.endless,
        pages.endless,
    )

    collect(client, rock, TERMS, today=TODAY)

    assert len(script.tokens) == 2
    written = b"".join(_contents(tmp_path))
    # It does read what was written.
    assert b"The access token expired" in written
    for secret in _secrets(script):
        assert secret.encode() not in written
        assert secret not in log.text


@pytest.mark.parametrize(
    ("answers", "accounts"),
    [
        ((faults.FINE,), (INVALID_CLIENT,)),
        ((faults.FINE,), (faults.Says(503, b"<html>"),) * ATTEMPTS),
        ((faults.EXPIRED,), ()),
        ((faults.PREMIUM_LAPSED,), ()),
        ((faults.Says(500),), ()),
        ((faults.CUT,), ()),
    ],
)
def test_an_error_says_no_secret(
    playing: Playing,
    rock: RawPartition,
    log: pytest.LogCaptureFixture,
    answers: tuple[faults.Says, ...],
    accounts: tuple[faults.Says, ...],
) -> None:
    client, script = playing(*answers, accounts=accounts)

    with pytest.raises(SpotifyError) as raised:
        collect(client, rock, TERMS, today=TODAY)

    for secret in _secrets(script):
        assert secret not in log.text
        for error in _chain(raised.value):
            assert secret not in f"{error} {error!r}"


def test_a_connection_does_not_show_its_secret(playing: Playing) -> None:
    client, script = playing(faults.FINE)

    assert faults.CLIENT_ID in repr(client.connection)
    assert not [secret for secret in _secrets(script) if secret in repr(client.connection)]


def _secrets(script: faults.Script) -> list[str]:
    basic = f"{faults.CLIENT_ID}:{faults.CLIENT_SECRET}".encode()
    return [faults.CLIENT_SECRET, base64.b64encode(basic).decode(), *script.tokens]


def _contents(folder: Path) -> Iterator[bytes]:
    for path in folder.rglob("*"):
        if path.suffix == ".zst":
            with path.open("rb") as file:
                yield zstandard.ZstdDecompressor().stream_reader(file).read()
        elif path.is_file():
            yield path.read_bytes()


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
