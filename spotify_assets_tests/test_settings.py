"""Settings of the limits: from the environment, or from ``.env``."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from spotify_assets.lake import Lake
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.budget import DEVELOPMENT_PER_DAY, SAFE_PER_WINDOW, Limits
from spotify_assets.sources.spotify_api.ledger import EVERY_FAMILY

NAMES = (
    "REQUESTS_PER_30S",
    "DAILY_BUDGET",
    "LONGEST_WAIT",
    "LEDGER_FILE",
    "SANDBOX_URL",
    "LAKE_URL",
)
SAFE = Limits(SAFE_PER_WINDOW, {}, DEVELOPMENT_PER_DAY, 30)


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """None of a limit, and a folder without a ``.env``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SPOTIFY_ASSETS_DATA_DIR", raising=False)
    for name in NAMES:
        monkeypatch.delenv(f"SPOTIFY_{name}", raising=False)
    return monkeypatch


def test_where_nothing_is_set_the_limits_are_safe() -> None:
    assert Settings().limits == SAFE


def test_the_sandbox_has_no_limits_unless_they_are_set(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SPOTIFY_SANDBOX_URL", "http://127.0.0.1:8765")
    assert Settings().limits == Limits(None, {}, None, 30)

    environment.setenv("SPOTIFY_REQUESTS_PER_30S", "20")
    environment.setenv("SPOTIFY_DAILY_BUDGET", "search=5")
    assert Settings().limits == Limits(20, {"search": 5}, None, 30)


@pytest.mark.parametrize(
    ("text", "per_day"),
    [
        ("600", {EVERY_FAMILY: 600}),
        ("search=600", {"search": 600}),
        ("search=600,artists=300", {"search": 600, "artists": 300}),
        ("me=50", {"me": 50}),
        (" search = 600 , artists = 300 ", {"search": 600, "artists": 300}),
        ("600,search=900", {EVERY_FAMILY: 600, "search": 900}),
    ],
)
def test_a_daily_budget_is_for_each_family_or_for_those_named(
    environment: pytest.MonkeyPatch, text: str, per_day: dict[str, int]
) -> None:
    environment.setenv("SPOTIFY_DAILY_BUDGET", text)

    limits = Settings().limits

    assert limits.per_day == per_day
    assert limits.per_day_in_development == DEVELOPMENT_PER_DAY


def test_a_daily_budget_can_be_off(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SPOTIFY_DAILY_BUDGET", "off")

    assert Settings().limits == Limits(SAFE_PER_WINDOW, {}, None, 30)


@pytest.mark.parametrize(
    "text", ["many", "serch=600", "search=", "=5x", "search=0", "-5", "1.5", "5,,6", ","]
)
def test_a_daily_budget_that_cannot_be_read_is_refused_with_what_to_write(
    environment: pytest.MonkeyPatch, text: str
) -> None:
    environment.setenv("SPOTIFY_DAILY_BUDGET", text)

    with pytest.raises(ValidationError, match=r"SPOTIFY_DAILY_BUDGET\n.*search=600,artists=300"):
        Settings()


@pytest.mark.parametrize(
    ("name", "text"),
    [("REQUESTS_PER_30S", "0"), ("REQUESTS_PER_30S", "x"), ("LONGEST_WAIT", "-1")],
)
def test_a_limit_that_cannot_be_is_refused(
    environment: pytest.MonkeyPatch, name: str, text: str
) -> None:
    environment.setenv(f"SPOTIFY_{name}", text)

    with pytest.raises(ValidationError, match=f"SPOTIFY_{name}"):
        Settings()


def test_the_rate_and_the_longest_wait_can_be_set(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SPOTIFY_REQUESTS_PER_30S", "200")
    environment.setenv("SPOTIFY_LONGEST_WAIT", "0.5")

    assert Settings().limits == Limits(200, {}, DEVELOPMENT_PER_DAY, 0.5)


def test_a_setting_that_is_left_empty_is_not_set(tmp_path: Path) -> None:
    lines = [f"SPOTIFY_{name}=" for name in NAMES]
    (tmp_path / ".env").write_text("\n".join(lines))

    assert Settings().limits == SAFE


def test_limits_can_stand_in_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SPOTIFY_DAILY_BUDGET=search=600,artists=300\n")

    assert Settings().limits.per_day == {"search": 600, "artists": 300}


def test_the_ledger_is_in_the_data_folder_unless_it_is_shared(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert Settings().ledger == tmp_path / "data" / "ledger.sqlite"

    environment.setenv("SPOTIFY_LEDGER_FILE", str(tmp_path / "shared.sqlite"))
    environment.setenv("SPOTIFY_ASSETS_DATA_DIR", str(tmp_path / "another"))
    assert Settings().ledger == tmp_path / "shared.sqlite"


@pytest.mark.parametrize("url", ["s3://bucket/lake", "gs://b", "az://container/a/b/"])
def test_a_lake_on_a_store_has_its_cache_in_the_data_folder(
    environment: pytest.MonkeyPatch, tmp_path: Path, url: str
) -> None:
    environment.setenv("SPOTIFY_LAKE_URL", url)
    lake = Settings().lake
    assert lake.url == url.rstrip("/")
    assert lake.root.parent == tmp_path / "data" / "lakes"


def test_without_a_url_the_lake_is_a_folder(tmp_path: Path) -> None:
    assert Settings().lake == Lake(tmp_path / "data" / "lake")


@pytest.mark.parametrize("url", ["ftp://host/lake", "s3://", "/folder", "bucket/lake", "s3:/b"])
def test_a_lake_that_is_nowhere_is_refused_with_what_to_write(
    environment: pytest.MonkeyPatch, url: str
) -> None:
    environment.setenv("SPOTIFY_LAKE_URL", url)
    with pytest.raises(ValidationError, match=r"SPOTIFY_LAKE_URL\n.*s3://bucket/prefix"):
        Settings()
