"""The channels that the settings make."""

from pathlib import Path

import pytest

from spotify_assets.operations.alerts import Email, Webhook
from spotify_assets.settings import Settings

MAIL = {
    "SPOTIFY_SMTP_HOST": "smtp.example.com",
    "SPOTIFY_ALERT_FROM": "warehouse@example.com",
    "SPOTIFY_ALERT_TO": "ana@example.com, bia@example.com,",
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no ``.env``."""
    monkeypatch.chdir(tmp_path)


def settings(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return Settings()


def test_without_settings_there_is_no_channel() -> None:
    assert Settings().alert_channels == []


def test_mail_settings_make_an_encrypted_e_mail_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    [channel] = settings(monkeypatch, MAIL).alert_channels

    assert channel == Email(
        "smtp.example.com", "warehouse@example.com", ["ana@example.com", "bia@example.com"], 587
    )
    assert isinstance(channel, Email)
    assert channel.tls == "starttls"


def test_all_settings_make_both_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        **MAIL,
        "SPOTIFY_SMTP_PORT": "465",
        "SPOTIFY_SMTP_TLS": "ssl",
        "SPOTIFY_SMTP_USER": "warehouse",
        "SPOTIFY_SMTP_PASSWORD": "nobody-may-see",  # pragma: allowlist secret
        "SPOTIFY_ALERT_WEBHOOK": "https://hooks.example.com/nobody-may-see",
        "SPOTIFY_ALERT_WEBHOOK_HEADERS": '{"Authorization": "Bearer nobody-may-see"}',
    }
    made = settings(monkeypatch, values)
    email, webhook = made.alert_channels

    assert isinstance(email, Email)
    assert email.password
    assert (email.port, email.tls, email.user) == (465, "ssl", "warehouse")
    assert email.password.get_secret_value() == "nobody-may-see"
    assert isinstance(webhook, Webhook)
    assert webhook.headers["Authorization"].get_secret_value() == "Bearer nobody-may-see"
    assert "nobody-may-see" not in f"{made!r} {email!r} {webhook!r}"


@pytest.mark.parametrize(
    "values",
    [
        {"SPOTIFY_SMTP_HOST": "smtp.example.com"},
        {"SPOTIFY_ALERT_TO": "ana@example.com"},
        {**MAIL, "SPOTIFY_ALERT_TO": "ana"},
        {**MAIL, "SPOTIFY_ALERT_TO": " , "},
        {"SPOTIFY_ALERT_WEBHOOK": "nobody-may-see"},
        *(
            {
                "SPOTIFY_ALERT_WEBHOOK": "https://hooks.example.com/nobody-may-see",
                "SPOTIFY_ALERT_WEBHOOK_HEADERS": headers,
            }
            for headers in ("nobody-may-see", '["nobody-may-see"]', '{"Authorization": 1}')
        ),
    ],
)
def test_settings_that_are_wrong_are_named_and_no_secret_is_quoted(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match="SPOTIFY_") as raised:
        _ = settings(monkeypatch, values).alert_channels

    assert "nobody-may-see" not in str(raised.value)


def test_the_template_names_every_setting_of_alerts() -> None:
    template = Path(__file__).parents[3].joinpath(".env.template").read_text(encoding="utf-8")
    names = [
        str(field.validation_alias)
        for field in Settings.model_fields.values()
        if str(field.validation_alias).startswith(("SPOTIFY_SMTP", "SPOTIFY_ALERT"))
    ]
    assert len(names) == 10
    assert not [name for name in names if f"#{name}=" not in template]
