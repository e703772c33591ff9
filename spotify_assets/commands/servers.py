"""``sandbox`` and ``dev``: what runs until it is stopped."""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from spotify_assets.commands.ending import (
    FAILED,
    STORE_ERRORS,
    USAGE,
    dagster_home_or_stop,
    settings_or_stop,
    stop,
)
from spotify_assets.terminal import out

SANDBOX_PORT = 8765
# Dagster commends `dg dev`, which is of another package and is for projects that `dg` laid out.
SUPERSEDED = "ignore:Function `dev_command` is superseded"
DAGSTER = (sys.executable, "-W", SUPERSEDED, "-m", "dagster")


class Mode(StrEnum):
    """Which API the sandbox is."""

    extended = "extended"
    development = "development"


def sandbox(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = SANDBOX_PORT,
    mode: Annotated[Mode | None, typer.Option(help="Which API it is; else extended.")] = None,
    catalog: Annotated[
        Path | None, typer.Option(help="A table of tracks (CSV, CSV.GZ or Parquet) to serve.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the generated catalogue.")] = 1,
    tracks: Annotated[int, typer.Option(min=1, help="Tracks of the generated catalogue.")] = 20_000,
    today: Annotated[
        str | None, typer.Option(help="The day it answers for (YYYY-MM-DD); else the real one.")
    ] = None,
    rate_limit: Annotated[
        int | None, typer.Option(help="Requests a rolling window; else as many as come.")
    ] = None,
    window: Annotated[float | None, typer.Option(help="Seconds of that window; else 30.")] = None,
    quota: Annotated[
        list[str] | None,
        typer.Option(help="Requests a day for a family, e.g. search=500; may stand several times."),
    ] = None,
    faults: Annotated[
        list[str] | None,
        typer.Option(
            help="What goes wrong: a share, e.g. 503=0.1 or cut_body=0.05, or a JSON file of "
            "settings as PATCH /sandbox/state takes them; may stand several times."
        ),
    ] = None,
    log: Annotated[
        Path | None, typer.Option(help="Append what is served to this file, as JSON lines.")
    ] = None,
) -> None:
    """Serve the Spotify Web API on this machine, without an account.

    While it runs: GET and PATCH /sandbox/state, POST /sandbox/clock, POST /sandbox/reset, and
    GET /sandbox/log.
    """
    from spotify_assets.sandbox import api, catalogue, server  # noqa: PLC0415 - slow to import
    from spotify_assets.sandbox.behaviour import Behaviour, pairs  # noqa: PLC0415

    try:
        day = None if today is None else dt.date.fromisoformat(today)
        said = {
            "rate_limit": rate_limit,
            "window_s": window,
            "quotas": pairs(quota or []),
            "shares": pairs(word for word in faults or [] if "=" in word),
        }
        behaviour = Behaviour()
        for file in (word for word in faults or [] if "=" not in word):
            behaviour = behaviour.changed(_json_object(Path(file)))
        # An option that is not given leaves what a file says.
        given = {name: value for name, value in said.items() if value not in (None, {})}
        behaviour = behaviour.changed(given)
        mode = mode or Mode(behaviour.mode)
        music = catalogue.read(catalog) if catalog else catalogue.generate(seed, tracks)
        application = api.create_app(
            music, mode=mode.value, today=day, behaviour=behaviour, log_file=log
        )
        out.print(f"The sandbox ({mode.value}) answers on http://127.0.0.1:{port}")
        out.print(f"To use it: export SPOTIFY_SANDBOX_URL=http://127.0.0.1:{port}")
        server.serve(application, port=port)
    except (OSError, ValueError) as error:
        stop(str(error), USAGE)


def dev(
    port: Annotated[int, typer.Option(help="Port of the Dagster UI.")] = 3000,
    sandbox_port: Annotated[int, typer.Option(help="Port of the sandbox.")] = SANDBOX_PORT,
) -> None:
    """Start the Dagster UI and its daemon; the sandbox beside it when there are no credentials."""
    from spotify_assets.defs import launch  # noqa: PLC0415 - slow to import

    settings = settings_or_stop()
    needs_sandbox = not settings.sandbox_url and not settings.client_id
    if needs_sandbox:
        os.environ["SPOTIFY_SANDBOX_URL"] = f"http://127.0.0.1:{sandbox_port}"
        out.print("No credentials: the sandbox serves instead.")
    if "dagster_url" not in settings.model_fields_set:
        os.environ["SPOTIFY_DAGSTER_URL"] = f"http://127.0.0.1:{port}"
    dagster_home_or_stop(settings)
    try:
        launch.register_genres(settings.genres)
    except STORE_ERRORS as error:
        stop(str(error), FAILED)
    python = [sys.executable, "-m"]
    commands = [
        [*DAGSTER, "dev", "-m", "spotify_assets.definitions", "-p", str(port)],
    ]
    if needs_sandbox:
        serve = [*python, "spotify_assets", "sandbox", "--port", str(sandbox_port)]
        commands.insert(0, serve)
    raise typer.Exit(_together(commands))


def _together(commands: list[list[str]]) -> int:
    """Run the commands until one ends or Ctrl-C; then stop the others."""
    processes = [subprocess.Popen(command) for command in commands]  # noqa: S603 - our own
    # `kill` stops the servers as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while all(process.poll() is None for process in processes):
            time.sleep(0.2)
        # Where its daemon is killed, `dagster dev` ends with 0: nobody would start it again.
        return next(p.returncode for p in processes if p.returncode is not None) or FAILED
    except KeyboardInterrupt:
        return 0
    finally:
        for process in processes:
            process.send_signal(signal.SIGINT)
        for process in processes:
            process.wait()


def _json_object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path} has to hold a JSON object of settings.")
    return found
