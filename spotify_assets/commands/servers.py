"""``sandbox`` and ``dev``: what runs until it is stopped."""

import contextlib
import datetime as dt
import json
import os
import secrets
import signal
import socket
import sys
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from spotify_assets.commands import claims, supervisor
from spotify_assets.commands.exit_codes import FAILED, USAGE, settings_or_stop, stop
from spotify_assets.commands.terminal import out
from spotify_assets.lake.errors import writing
from spotify_assets.lake.tables import first_date
from spotify_assets.settings import Settings

SANDBOX_PORT, UI_PORT, PAGES_PORT = 8765, 3000, 8080
TOKEN_FILE = "api.token"  # noqa: S105 - the name of a file
"""Of the data folder: what a request to the API has to show, where no setting says it."""
# Dagster commends `dg dev`, which is of another package and is for projects that `dg` laid out.
SUPERSEDED = "ignore:Function `dev_command` is superseded"
DAGSTER = (sys.executable, "-W", SUPERSEDED, "-m", "dagster")


class Mode(StrEnum):
    """Which API the sandbox is."""

    extended = "extended"
    development = "development"


class Part(StrEnum):
    """What a container serves."""

    pages = "pages"
    web = "web"
    daemon = "daemon"
    worker = "worker"


DAGSTER_YAML = {"sqlite": "dagster.yaml", "postgres": "dagster-postgres.yaml"}
"""The configuration of Dagster by where it keeps runs and events."""


def sandbox(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = SANDBOX_PORT,
    mode: Annotated[Mode | None, typer.Option(help="Which API it is; else extended.")] = None,
    catalog: Annotated[
        Path | None, typer.Option(help="A table of tracks (CSV, CSV.GZ or Parquet) to serve.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the generated catalog.")] = 1,
    tracks: Annotated[int, typer.Option(min=1, help="Tracks of the generated catalog.")] = 20_000,
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
    host: Annotated[
        str, typer.Option(help="Address to answer on; 0.0.0.0 for other machines too.")
    ] = claims.HOST,
    unless_credentials: Annotated[
        bool, typer.Option("--unless-credentials", help="End at once where a client id is set.")
    ] = False,
) -> None:
    """Serve the Spotify Web API on this machine, without an account.

    While it runs: GET and PATCH /sandbox/state, POST /sandbox/clock, POST /sandbox/reset, and
    GET /sandbox/log.
    """
    if unless_credentials and settings_or_stop().client_id:
        out.print("A client id is set: no sandbox is needed.")
        return
    from spotify_assets.sandbox import api, server  # noqa: PLC0415 - slow to import
    from spotify_assets.sandbox.behaviour import Behaviour, pairs  # noqa: PLC0415
    from spotify_assets.sandbox.catalog import generate, read  # noqa: PLC0415

    claims.free_port(port, "the sandbox", "--port")
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
        music = read(catalog) if catalog else generate(seed, tracks)
        application = api.create_app(
            music, mode=mode.value, today=day, behaviour=behaviour, log_file=log
        )
        out.print(f"The sandbox ({mode.value}) answers on http://{host}:{port}")
        out.print(f"To use it: export SPOTIFY_SANDBOX_URL=http://{host}:{port}")
        server.serve(application, host=host, port=port)
    except (OSError, ValueError) as error:
        stop(str(error), USAGE)


def dev(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the Dagster UI.")] = UI_PORT,
    sandbox_port: Annotated[
        int, typer.Option(min=1, max=65535, help="Port of the sandbox.")
    ] = SANDBOX_PORT,
    pages_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the HTTP API and the pages; 0: none.")
    ] = PAGES_PORT,
) -> None:
    """Start the Dagster UI, its daemon, the HTTP API and the pages; the sandbox where needed."""
    from spotify_assets.defs import launch, origin  # noqa: PLC0415 - slow to import

    settings = settings_or_stop()
    needs_sandbox = not settings.sandbox_url and not settings.client_id
    held = claims.data_folder(settings.data_dir.resolve(), f"http://127.0.0.1:{port}")
    claims.free_port(port, "the Dagster UI", "--port")
    if needs_sandbox:
        claims.free_port(sandbox_port, "the sandbox", "--sandbox-port")
    if pages_port:
        claims.free_port(pages_port, "the HTTP API", "--pages-port")
    if needs_sandbox:
        os.environ["SPOTIFY_SANDBOX_URL"] = f"http://127.0.0.1:{sandbox_port}"
        out.print("No credentials: the sandbox serves instead.")
    if "dagster_url" not in settings.model_fields_set:
        os.environ["SPOTIFY_DAGSTER_URL"] = f"http://127.0.0.1:{port}"
    _first_day(settings)
    launch.prepare_home(settings.dagster_home)
    launch.prepare_dev(settings)
    python = [sys.executable, "-m"]
    commands = [
        [*DAGSTER, "dev", "-m", origin.LOCATION, "-p", str(port), *_log_format(settings)],
    ]
    if needs_sandbox:
        serve = [*python, "spotify_assets", "sandbox", "--port", str(sandbox_port)]
        commands.insert(0, serve)
    if pages_port:
        _api_token(settings)
        commands.append([*python, "spotify_assets", "serve", "--port", str(pages_port)])
    # `kill` stops the servers as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    raise typer.Exit(supervisor.run(commands, keep=held.fileno()))


def serve(
    part: Annotated[
        Part,
        typer.Argument(
            help="The pages and the HTTP API; Dagster's web server, or daemon; a worker of Celery."
        ),
    ] = Part.pages,
    host: Annotated[str, typer.Option(help="Address of the server.")] = claims.HOST,
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, help=f"Its port; else {PAGES_PORT}, of Dagster's {UI_PORT}."
        ),
    ] = None,
    queue: Annotated[
        list[str] | None,
        typer.Option(help="Of a worker: what it takes; may stand several times. Else dagster."),
    ] = None,
    at_once: Annotated[int, typer.Option(min=1, help="Of a worker: how many runs at once.")] = 1,
) -> None:
    """Serve the pages and the HTTP API; or be Dagster's server or daemon, as a container is.

    With SPOTIFY_DAGSTER_STORAGE=postgres they keep Dagster's runs and events in PostgreSQL.
    """
    settings = settings_or_stop()
    if part is Part.pages:
        _serve_pages(settings, host, port or PAGES_PORT)
        return
    from spotify_assets.defs import launch, origin  # noqa: PLC0415 - slow to import

    _first_day(settings)
    launch.prepare_home(settings.dagster_home, DAGSTER_YAML[settings.dagster_storage])
    module = ["-m", origin.LOCATION, *_log_format(settings)]
    if part is Part.worker:
        words = _worker(queue or ["dagster"], at_once)
    elif part is Part.web:
        words = ["dagster_webserver", "--host", host, "--port", str(port or UI_PORT), *module]
    else:
        held = claims.data_folder(settings.data_dir.resolve(), f"the daemon of {settings.data_dir}")
        # The daemon holds it: a second one of this folder is refused.
        os.set_inheritable(held.fileno(), True)
        launch.prepare_dev(settings)
        # As `dagster dev` starts it.
        words = ["dagster._daemon", "run", *module]
    os.execv(sys.executable, [sys.executable, "-W", SUPERSEDED, "-m", *words])  # noqa: S606 - ours


def _worker(queues: list[str], at_once: int) -> list[str]:
    """A worker of Celery (docs/scale.md); each run is a process of its own."""
    if not find_spec("celery"):
        stop("A worker needs Celery: pip install 'spotify-assets[cluster]'.", FAILED)
    words = ["celery", "--app", "spotify_assets.defs.worker", "worker", "--loglevel", "INFO"]
    # A run that it has taken and not begun would wait for it, and not for another.
    taken = ["--queues", ",".join(queues), "--disable-prefetch", "--max-tasks-per-child", "1"]
    name = f"{socket.gethostname()}-{os.getpid()}"
    return [*words, *taken, "--concurrency", str(at_once), "--hostname", f"worker@{name}"]


def _serve_pages(settings: Settings, host: str, port: int) -> None:
    """Serve the HTTP API, and the pages where they are installed, until it is stopped."""
    import uvicorn  # noqa: PLC0415 - slow to import

    from spotify_assets.lake.history import secret  # noqa: PLC0415 - as above
    from spotify_assets.pages.accounts import Accounts  # noqa: PLC0415 - as above
    from spotify_assets.pages.application import create_app  # noqa: PLC0415 - as above
    from spotify_assets.pages.comments_api import CommentsApi  # noqa: PLC0415 - as above
    from spotify_assets.pages.dashboard.serving import Deployment, mount  # noqa: PLC0415
    from spotify_assets.pages.report.serving import PUBLIC, routes  # noqa: PLC0415

    token, where = _api_token(settings)
    comments = CommentsApi(settings.lake, settings.database, token, secret(settings.lake))
    claims.free_port(port, "the HTTP API", "--port")
    report = routes(settings.public_place.folder) if settings.public_parts else []
    if report:
        out.print(f"The public report is on http://{host}:{port}{PUBLIC}/", soft_wrap=True)
    if find_spec("streamlit"):
        accounts = Accounts(settings.accounts_file)
        served = Deployment(settings.database, settings.lake, accounts, settings.dagster_url)
        pages, lifespan = mount(served)
        application = create_app(comments, [*report, *pages], lifespan)
        out.print(f"The pages are on http://{host}:{port}", soft_wrap=True)
        if not len(accounts):
            out.print("Make an account for them: spotify-assets accounts add NAME")
    else:
        application = create_app(comments, report)
        out.print("For the pages too: pip install 'spotify-assets[pages]'", markup=False)
    said = f"The HTTP API answers on http://{host}:{port}/api; its token is {where}."
    out.print(said, soft_wrap=True)
    uvicorn.run(
        application,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )


def _api_token(settings: Settings) -> tuple[str, str]:
    """The token of the API, made where there is none, and where its user finds it."""
    if settings.api_token is not None:
        return settings.api_token.get_secret_value(), "that of SPOTIFY_API_TOKEN"
    path = settings.data_dir.resolve() / TOKEN_FILE
    with writing(path, "the token of the API"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            # Whole at once: two servers may begin together.
            new = path.with_suffix(f".{secrets.token_hex(4)}")
            new.touch(mode=0o600)
            new.write_text(secrets.token_urlsafe(32), encoding="ascii")
            try:
                os.link(new, path)
            finally:
                new.unlink()
    return path.read_text(encoding="utf-8").strip(), f"in {path}"


def _first_day(settings: Settings) -> None:
    """Where none is set, the UI begins with the first day that was collected."""
    if "start_date" not in settings.model_fields_set:
        # Nobody can fill the days before: the UI would show them as missing for ever.
        first = first_date(settings.lake) or dt.datetime.now(dt.UTC).date()
        os.environ["SPOTIFY_ASSETS_START_DATE"] = first.isoformat()


def _log_format(settings: Settings) -> list[str]:
    return ["--log-format", "json"] if settings.log_format == "json" else []


def _json_object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path} has to hold a JSON object of settings.")
    return found
