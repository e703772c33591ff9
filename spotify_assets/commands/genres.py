"""``genres``: the list of genres that the rotation collects. It is read again at each turn."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from spotify_assets.commands.exit_codes import USAGE, settings_or_stop, stop
from spotify_assets.commands.terminal import err, out
from spotify_assets.operations import genres as lists

app = typer.Typer(
    help="The genres that the rotation collects.", no_args_is_help=True, add_completion=False
)
Names = Annotated[list[str], typer.Argument(help="Genre; may be several.")]


@app.command("list")
def listed() -> None:
    """Show the genres, in their order."""
    settings = settings_or_stop(secrets=False)
    for genre in settings.genres:
        out.print(genre)
    for refused in settings.genre_list.refused:
        err.print(f"{settings.own_genres_file}, {refused}", style="red")


@app.command()
def add(names: Names) -> None:
    """Put genres at the end of the list; no restart is needed."""
    _change(lists.add, names, "has its turn from now on", "is on the list already")


@app.command()
def remove(names: Names) -> None:
    """Take genres off the list. What was collected of them stays (see purge)."""
    _change(lists.remove, names, "is collected no more", "is not on the list")


def _change(
    change: Callable[[Path, str, str], bool], names: list[str], done: str, was_so: str
) -> None:
    """Change the list by each name, and say of each what is so now."""
    settings = settings_or_stop(secrets=False)
    for name in names:
        try:
            is_changed = change(settings.own_genres_file, settings.genres_text, name)
        except ValueError as error:
            stop(str(error), USAGE)
        out.print(f"{name} {done if is_changed else was_so}.")
