"""The command ``spotify-assets``."""

import typer

from spotify_assets.commands import genres
from spotify_assets.commands.backfill import backfill
from spotify_assets.commands.collect import collect, demo
from spotify_assets.commands.compact import compact
from spotify_assets.commands.export import export, restore
from spotify_assets.commands.forget import forget
from spotify_assets.commands.history import import_history, poll
from spotify_assets.commands.metrics import metrics
from spotify_assets.commands.purge import purge
from spotify_assets.commands.query import explain, query
from spotify_assets.commands.sample_history import sample_history
from spotify_assets.commands.servers import dev, sandbox
from spotify_assets.commands.sign_in import login, logout
from spotify_assets.commands.status import status
from spotify_assets.commands.tables import describe, tables

app = typer.Typer(
    name="spotify-assets",
    help="A music analytics warehouse that its user owns.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for command in (collect, demo, backfill, status, query, explain, metrics, login, logout):
    app.command()(command)
app.add_typer(genres.app, name="genres")
for command in (purge, compact, sandbox, dev):
    app.command()(command)
app.command("import")(import_history)
app.command()(forget)
app.command()(poll)
app.command()(sample_history)
app.command()(tables)
app.command()(describe)
app.command()(export)
app.command()(restore)
