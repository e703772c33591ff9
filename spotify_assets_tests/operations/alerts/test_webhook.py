"""Webhooks, called over real HTTP."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from spotify_assets.operations.alerts import Alerts, Message, Notice, Webhook
from spotify_assets.operations.alerts.channels import DeliveryError, Rejected
from spotify_assets_tests.operations.alerts.samples import FORRO, NOON, ROCK, Clock, opens
from spotify_assets_tests.operations.alerts.servers import HOST, Hook, free_port

OPENING = Message("id-1", "open", (Notice(ROCK, 1, NOON), Notice(FORRO, 1, NOON)))
SECRETS = ("a-path-that-nobody-may-see", "a-token-that-nobody-may-see")


def channel(url: str, timeout: float = 10) -> Webhook:
    headers = {"Authorization": SecretStr(f"Bearer {SECRETS[1]}")}
    return Webhook(SecretStr(url), headers, timeout)


def test_a_webhook_gets_the_incidents_and_a_text_that_slack_shows(hook: Hook) -> None:
    assert channel(hook.url).send(OPENING) is None

    [body] = hook.bodies
    assert body["state"] == "open"
    assert [one["key"] for one in body["incidents"]] == [ROCK.key, FORRO.key]
    assert body["text"].startswith(f"[spotify-assets] OPEN {ROCK.title} and 1 more\n")
    assert ROCK.body in body["text"]


def test_headers_of_the_settings_are_sent(hook: Hook) -> None:
    channel(hook.url).send(OPENING)

    assert hook.headers[0]["Authorization"] == f"Bearer {SECRETS[1]}"


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_is_delivered(hook: Hook, status: int) -> None:
    hook.status = status

    assert channel(hook.url).send(OPENING) is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_any_4xx_but_429_is_final(hook: Hook, status: int) -> None:
    hook.status = status

    with pytest.raises(Rejected, match=f"status {status}"):
        channel(hook.url).send(OPENING)


@pytest.mark.parametrize("status", [302, 307, 429, 500, 503])
def test_other_answers_are_no_delivery_and_not_final(hook: Hook, status: int) -> None:
    hook.status = status

    with pytest.raises(DeliveryError, match=f"status {status}") as raised:
        channel(hook.url).send(OPENING)

    assert not isinstance(raised.value, Rejected)
    assert len(hook.bodies) == 1, "a redirect would take the secret headers elsewhere"


def test_a_webhook_that_does_not_answer_in_time_is_no_delivery(hook: Hook) -> None:
    hook.before_answer = lambda: time.sleep(0.2)

    with pytest.raises(DeliveryError, match="ReadTimeout"):
        channel(hook.url, timeout=0.1).send(OPENING)


def test_a_webhook_that_rejects_is_logged_and_stays_visible(
    hook: Hook, tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    hook.status = 404
    alerts = Alerts(tmp_path / "operations.sqlite", [channel(hook.url)], clock)
    opens(alerts, ROCK)
    alerts.deliver()
    clock.forward(days=1)
    alerts.deliver()

    assert len(hook.bodies) == 1
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    [failed] = alerts.undelivered()
    assert failed.next_attempt_at is None
    assert "SPOTIFY_ALERT_WEBHOOK" in str(failed.last_error)


@pytest.mark.parametrize("status", [200, 404, 500, None])
def test_no_path_and_no_header_is_written_down(
    hook: Hook,
    tmp_path: Path,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    status: int | None,
) -> None:
    caplog.set_level(logging.DEBUG)
    hook.status = status or 0
    url = hook.url if status else f"http://{HOST}:{free_port()}/{SECRETS[0]}"
    webhook = channel(url)
    alerts = Alerts(tmp_path / "operations.sqlite", [webhook], clock)
    opens(alerts, ROCK)
    alerts.deliver()

    assert "urllib3" in {record.name.partition(".")[0] for record in caplog.records}
    written = "".join(path.read_bytes().decode("latin-1") for path in tmp_path.iterdir())
    for secret in SECRETS:
        for place in (caplog.text, written, repr(webhook)):
            assert secret not in place


def test_an_error_carries_no_secret_in_what_caused_it() -> None:
    webhook = channel(f"http://{HOST}:{free_port()}/{SECRETS[0]}")

    with pytest.raises(DeliveryError) as raised:
        webhook.send(OPENING)

    chain = [repr(error) for error in _chain(raised.value)]
    assert not [text for text in chain for secret in SECRETS if secret in text]


@pytest.mark.parametrize(
    ("url", "header"),
    [
        ("hooks.example.com/secret", "x"),
        ("ftp://hooks.example.com/secret", "x"),
        ("https://", "x"),
        ("https://hooks.example.com/secret", "secret\r\nX-Other: y"),
        ("https://hooks.example.com/secret", "secrét"),
    ],
)
def test_a_webhook_that_could_not_be_called_is_refused(url: str, header: str) -> None:
    with pytest.raises(ValueError, match="SPOTIFY_ALERT_WEBHOOK") as raised:
        Webhook(SecretStr(url), {"Authorization": SecretStr(header)})

    assert not [error for error in _chain(raised.value) if "secr" in repr(error)]


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
