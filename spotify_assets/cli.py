"""The command ``spotify-assets``."""

import typer

from spotify_assets.commands.collect import collect, demo
from spotify_assets.commands.purge import purge
from spotify_assets.commands.query import explain, query
from spotify_assets.commands.servers import dev, sandbox
from spotify_assets.commands.sign_in import login, logout
from spotify_assets.commands.status import status

app = typer.Typer(
    name="spotify-assets",
    help="A music analytics warehouse that its user owns.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for command in (collect, demo, status, query, explain, login, logout, purge, sandbox, dev):
    app.command()(command)
