"""The command ``spotify-assets``.

Belongs here: which commands there are, and where. Does not belong here: any of them. One is
imported when it is called: together they take a second.
"""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from spotify_assets.storage.errors import ProjectError

COMMANDS = {
    "collect": ("collect:collect", "Collect genres, and take them all the way to the warehouse."),
    "demo": ("collect:demo", "Make a warehouse from the sandbox, without an account."),
    "backfill": (
        "backfill:backfill",
        "Make days again from their raw responses, the newest first; nothing is asked of the API.",
    ),
    "status": (
        "status:status",
        "Show the app's mode and budget, what is blocked until when, and the queue of genres.",
    ),
    "query": ("query:query", "Ask the warehouse, read-only; rows go to the standard output."),
    "explain": (
        "explain:explain",
        "Walk from a row back to the response or the row of an export, and print it.",
    ),
    "metrics": (
        "metrics:metrics",
        "Print how the runs and the warehouse stand, in Prometheus' text format.",
    ),
    "login": (
        "sign_in:login",
        "Sign in to Spotify, so that what you listen to can be read. It holds for six months.",
    ),
    "logout": ("sign_in:logout", "Forget the sign-in: delete the token that `login` stored."),
    "genres": ("genres:app", "The genres that the rotation collects."),
    "purge": (
        "purge:purge",
        "Delete what the API said, and all that was made from it, for good.",
    ),
    "compact": (
        "compact:compact",
        "Merge the Parquet files of each month that is over into one for each table and genre.",
    ),
    "files": (
        "files:files",
        "List the Parquet files that hold a table now, or as it was known on a day.",
    ),
    "rebuild": (
        "rebuild:rebuild",
        "Make rankings and star by another engine: for a lake that does not fit one machine.",
    ),
    "sandbox": (
        "servers:sandbox",
        "Serve the Spotify Web API on this machine, without an account.",
    ),
    "dev": (
        "servers:dev",
        "Start the Dagster UI, its daemon, the HTTP API and the pages; the sandbox where needed.",
    ),
    "serve": (
        "servers:serve",
        "Serve the pages and the HTTP API; or be Dagster's server or daemon, as a container is.",
    ),
    "accounts": ("accounts:app", "Who may see the pages."),
    "import": (
        "history:import_history",
        "Import Spotify exports: every row is counted in one class, or shown as unreadable.",
    ),
    "forget": (
        "forget:forget",
        "Take imports back: their rows leave the lake and the warehouse, for good.",
    ),
    "releases": ("declaring:app", "The artists and releases of a label, in releases.toml."),
    "poll": ("history:poll", "Ask Spotify once what you played last, and publish it."),
    "sample-history": (
        "sample_history:sample_history",
        'Write exports of an invented listener, as Spotify\'s "download your data" has them.',
    ),
    "predict": (
        "predict:predict",
        "Predict the streams of each release, score what has come, and say what campaigns added.",
    ),
    "sample-releases": (
        "sample_releases:sample_releases",
        "Write the files of an invented label: streams, campaigns with a known effect, sales.",
    ),
    "sample-comments": (
        "sample_comments:sample_comments",
        "Write comments of invented listeners, in Portuguese, English and Spanish.",
    ),
    "label": (
        "comments:label",
        "Import comments of listeners, say what they are, and publish.",
    ),
    "evaluate": (
        "evaluate:evaluate",
        "Measure the labeller of comments against the golden set, beside baselines.",
    ),
    "review": (
        "curation:review",
        "Decide what comments are, with one key a comment; it counts over every label.",
    ),
    "topics": ("curation:app", "The topics that comments can be about."),
    "tables": (
        "tables:tables",
        "List every table, view and macro of the warehouse, and what one row of it is.",
    ),
    "describe": (
        "tables:describe",
        "Say what a table, view or macro is: its columns with examples, or its parameters and SQL.",
    ),
    "export": (
        "export:export",
        "Write a table, a view or what a query gives into a file; or, with --all, everything.",
    ),
    "publish": (
        "publish:publish",
        "Make the warehouse of what the lake holds: what changed, all at once.",
    ),
    "report": (
        "report:report",
        "Make the public report of what is published; or show or send the weekly mail of it.",
    ),
    "publish-to": (
        "publish_to:publish_to",
        "Make the tables of your own database equal to the warehouse: what changed, all at once.",
    ),
    "restore": (
        "export:restore",
        "Make a DuckDB file of an exported folder: all tables, macros and views.",
    ),
}
"""By name, in the order of the help: the module and function, and the summary."""


class LazyGroup(TyperGroup):
    """Knows its commands by name and summary, and imports the one that is called."""

    def __init__(self, **said: Any) -> None:
        super().__init__(**said)
        for name, (_, summary) in COMMANDS.items():
            self.commands[name] = TyperCommand(name, help=summary)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the first argument names."""
        if args and args[0] in COMMANDS:
            self.commands[args[0]] = load(args[0])
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an error of ours ends it with its message and the code of its kind."""
        try:
            return super().invoke(ctx)
        except ProjectError as error:
            from spotify_assets.commands.exit_codes import end  # noqa: PLC0415 - as above

            end(error)


def load(name: str) -> Any:
    """Import a command."""
    module, _, function = COMMANDS[name][0].partition(":")
    found = getattr(import_module(f"spotify_assets.commands.{module}"), function)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
        alone.command(name)(found)
        found = alone
    command = typer.main.get_command(found)
    command.name = name
    return command


app = typer.Typer(
    name="spotify-assets", cls=LazyGroup, no_args_is_help=True, pretty_exceptions_enable=False
)


@app.callback()
def main() -> None:
    """A music analytics warehouse that its user owns."""
