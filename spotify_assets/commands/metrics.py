"""``metrics``: what Prometheus reads."""

import errno
import json
import signal
from typing import TYPE_CHECKING, Annotated

import typer

from spotify_assets.commands import claims
from spotify_assets.commands.exit_codes import FAILED, USAGE, settings_or_stop, stop
from spotify_assets.commands.terminal import out, write

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

LOCAL = "127.0.0.1"


def metrics(
    serve: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            metavar="PORT",
            help="Serve them at /metrics until Ctrl-C; 0 is any free port.",
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to serve on. Whoever reaches it can read the metrics.")
    ] = LOCAL,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print how the runs and the warehouse stand, in Prometheus' text format."""
    from spotify_assets.operations import metrics as measuring  # noqa: PLC0415 - slow to import

    settings = settings_or_stop()
    if serve is not None and as_json:
        stop("--serve serves Prometheus' text format: leave --json away.", USAGE)
    if serve is not None:
        _serve(measuring.registry(settings), host, serve)
    elif as_json:
        write(json.dumps(measuring.as_json(settings), indent=2, allow_nan=False) + "\n")
    else:
        write(measuring.as_text(settings))


def _serve(registry: "CollectorRegistry", host: str, port: int) -> None:
    from prometheus_client import start_http_server  # noqa: PLC0415 - slow to import

    try:
        server, thread = start_http_server(port, addr=host, registry=registry)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            stop(claims.why_not(port, "the metrics", "--serve", error), FAILED)
        stop(f"Nothing can be served on {host}, port {port}: {error}. Choose another.", FAILED)
    # `kill` stops it as Ctrl-C does. Polars, when it is imported, catches Ctrl-C in a way that does
    # not end a wait such as `join`; set again, it is Python's own again.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    out.print(f"The metrics are at http://{host}:{server.server_port}/metrics")
    try:
        thread.join()
    except KeyboardInterrupt:
        server.shutdown()
    finally:
        server.server_close()
