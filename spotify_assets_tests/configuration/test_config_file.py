"""``config.yaml``: every setting that is no secret."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from spotify_assets.cli import app
from spotify_assets.commands.exit_codes import USAGE
from spotify_assets.configuration.errors import ConfigurationError
from spotify_assets.configuration.sources import secret_names
from spotify_assets.settings import Settings

SECRET = "a-secret-nobody-may-see"  # noqa: S105 # pragma: allowlist secret
pytestmark = pytest.mark.usefixtures("environment")


def test_every_kind_of_setting_means_what_it_means_in_the_environment() -> None:
    Path("config.yaml").write_text(
        "SPOTIFY_MARKET: PT\n"
        "SPOTIFY_ASSETS_START_DATE: 2026-03-04\n"
        "SPOTIFY_TRACKS: 7\n"
        "SPOTIFY_QTD_ARTISTAS: '8'\n"
        "SPOTIFY_DAILY_BUDGET: off\n"
        "SPOTIFY_GENRE:\n"
    )

    settings = Settings()

    assert (settings.market, str(settings.start_date)) == ("PT", "2026-03-04")
    assert (settings.tracks, settings.artists) == (7, 8)
    # Where YAML is read by its types, this is false.
    assert settings.daily_budget == "off"
    assert settings.genre is None


@pytest.mark.parametrize("name", [*sorted(secret_names(Settings)), "spotify_publish_url"])
def test_a_secret_in_it_is_refused_and_not_quoted(name: str) -> None:
    Path("config.yaml").write_text(f"{name}: {SECRET}\n")

    ended = CliRunner().invoke(app, ["status"])

    said = ended.output.replace("\n", " ")
    assert ended.exit_code == USAGE
    assert f"config.yaml holds {name}, and a secret does not belong there" in said
    assert SECRET not in said


def test_what_is_no_setting_is_refused_with_what_may_be_meant() -> None:
    Path("config.yaml").write_text("SPOTIFY_MARKETS: PT\n")

    with pytest.raises(ConfigurationError, match=r"no setting\. Did you mean SPOTIFY_MARKET\?"):
        Settings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n", "one setting a line"),
        ("SPOTIFY_MARKET: [a]\n", "one setting a line"),
        ("a: b: c\n", "no YAML: look at line 1"),
        ("SPOTIFY_TRACKS: 1\n\tx\n", "no YAML: look at line 2"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_write(text: str, said: str) -> None:
    Path("config.yaml").write_text(text)

    with pytest.raises(ConfigurationError, match=said):
        Settings()


def test_an_empty_file_sets_nothing() -> None:
    Path("config.yaml").write_text("# nothing yet\n")

    assert Settings().market == "BR"
