"""The image and the compose file say what the project says."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

import spotify_assets
from spotify_assets.cli import COMMANDS, load
from spotify_assets.settings import Settings
from spotify_assets.warehouse.databases.postgresql.session import completed

PROJECT = Path(spotify_assets.__file__).parents[1]
CONTAINERFILE = (PROJECT / "Containerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "compose.yaml").read_text(encoding="utf-8"))
OURS = {name: one for name, one in COMPOSE["services"].items() if "build" in one}


def argument(name: str) -> str:
    return str(re.findall(rf"^ARG {name}=(.*)$", CONTAINERFILE, re.M)[0])


def test_the_image_is_built_by_the_tools_that_are_pinned_elsewhere() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert f"UV_VERSION := {argument('UV_VERSION')}\n" in makefile
    lock = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    assert f"\nsetuptools=={argument('SETUPTOOLS_VERSION')} " in lock


@pytest.mark.parametrize("service", OURS)
def test_each_service_starts_a_command_that_there_is(service: str) -> None:
    name, *words = OURS[service]["command"]
    assert name in COMMANDS
    # Unknown options and values that are none would be refused.
    assert load(name).make_context(name, list(words))


@pytest.mark.parametrize("service", OURS)
def test_each_service_runs_with_no_more_rights_than_it_needs(service: str) -> None:
    said = OURS[service]
    assert said["read_only"]
    assert said["cap_drop"] == ["ALL"]
    assert said["volumes"] == ["data:/app/data"]
    assert "healthcheck" in said or "HEALTHCHECK" in CONTAINERFILE
    assert re.search(r"^USER 10001$", CONTAINERFILE, re.M)


def test_each_setting_of_the_compose_file_is_one() -> None:
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    # That of libpq, and those that dagster-postgres.yaml names.
    others = {"PGPASSWORD"} | set(
        re.findall(r"env: (\w+)", (PROJECT / "spotify_assets/dagster-postgres.yaml").read_text())
    )
    for service in OURS.values():
        assert {*service["environment"]} <= known | others


@pytest.mark.parametrize("service", OURS)
def test_it_publishes_to_its_own_database_which_speaks_no_tls_unless_env_names_another(
    service: str,
) -> None:
    said = OURS[service]["environment"]
    [[name, own]] = re.findall(r"^\$\{(\w+):-(.*)\}$", said["SPOTIFY_PUBLISH_URL"])
    assert name == "SPOTIFY_PUBLISH_URL"
    # Of another machine TLS would be asked for where the address does not say otherwise.
    assert "sslmode=disable" in completed(own)
    assert urlsplit(own).hostname in COMPOSE["services"]
    assert said["PGPASSWORD"] == COMPOSE["services"]["postgres"]["environment"]["POSTGRES_PASSWORD"]


def test_whoever_waits_for_a_deployment_does_not_wait_for_the_sandbox() -> None:
    """With credentials it ends at once: `--wait` would take that for a failure."""
    workflow = (PROJECT / ".github/workflows/release.yml").read_text(encoding="utf-8")
    [services] = re.findall(r"up --detach --no-build --wait(.*)\"", workflow)
    assert services.split() == ["web", "daemon"]


def test_dagster_is_configured_alike_but_for_where_it_keeps_things() -> None:
    package = PROJECT / "spotify_assets"
    usual = yaml.safe_load((package / "dagster.yaml").read_text(encoding="utf-8"))
    postgres = yaml.safe_load((package / "dagster-postgres.yaml").read_text(encoding="utf-8"))
    del usual["event_log_storage"], postgres["storage"]
    assert usual == postgres
