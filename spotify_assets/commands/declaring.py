"""``releases``: the artists and releases of a label, in ``releases.toml``.

Belongs here: reading and writing that file, and showing it. Does not belong here: what a change of
it is (``sources.release_files.editing``).
"""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from spotify_assets.commands.exit_codes import USAGE, settings_or_stop, stop
from spotify_assets.commands.terminal import out, show_table
from spotify_assets.lake.errors import writing
from spotify_assets.settings import Settings
from spotify_assets.warehouse.reading import read_only

app = typer.Typer(
    help="The artists and releases of a label, in releases.toml.",
    no_args_is_help=True,
    add_completion=False,
)
NAME = "releases.toml"
UNMATCHED = """
    SELECT file_name, unmatched, nearest FROM monitoring.release_files
    WHERE unmatched > 0 ORDER BY ALL"""
SHOWN = ("date", "spotify_id", "isrc", "upc")
File = Annotated[
    Path | None, typer.Option("--file", help="The file; else releases.toml in the inbox.")
]
Id = Annotated[str, typer.Argument(metavar="ID", help="The id that the tables have, e.g. tide.")]
SpotifyId = Annotated[str | None, typer.Option(help="Its id at Spotify.")]
AppleId = Annotated[str | None, typer.Option(help="Its id at Apple Music.")]
YoutubeId = Annotated[str | None, typer.Option(help="Its id at YouTube.")]


@app.command("list")
def listed(file: File = None) -> None:
    """Show what is declared, and what downloads say of no declared release."""
    from spotify_assets.sources.release_files import declared  # noqa: PLC0415 - slow to import

    settings = settings_or_stop(secrets=False)
    path, text = _text(settings, file)
    said = _or_stop(path, lambda: declared.read(text.encode()))
    show_table(
        "Artists",
        ["id", "name", "spotify id"],
        [[one["artist_id"], one["name"], one["spotify_id"] or ""] for one in said.artists],
    )
    show_table(
        "Releases",
        ["id", "artist", "title", *(one.replace("_", " ") for one in SHOWN)],
        [
            [one["release_id"], one["artist"], one["title"], *(one[key] or "" for key in SHOWN)]
            for one in said.releases
        ],
    )
    if not settings.database.exists():
        return
    with read_only(settings.database) as connection:
        unmatched = connection.execute(UNMATCHED).fetchall()
    if unmatched:
        show_table("Of no release", ["file", "rows", "name and the nearest declared"], unmatched)


@app.command()
def add_artist(
    artist_id: Id,
    name: Annotated[str, typer.Option(help="Name of the artist.")],
    spotify_id: SpotifyId = None,
    apple_id: AppleId = None,
    youtube_id: YoutubeId = None,
    file: File = None,
) -> None:
    """Declare an artist; its audience is found by the id at Spotify, else by the name."""
    from spotify_assets.sources.release_files import editing  # noqa: PLC0415 - slow to import

    ids = {"spotify_id": spotify_id, "apple_id": apple_id, "youtube_id": youtube_id}
    values = {"name": name, **ids}
    _change(file, lambda text: editing.add_artist(text, artist_id, values), f"{artist_id} is there")


@app.command()
def add(
    release_id: Id,
    artist: Annotated[str, typer.Option(help="Id of its artist, as it is declared.")],
    title: Annotated[str, typer.Option(help="Title, as the platforms show it.")],
    date: Annotated[str | None, typer.Option(metavar="DAY", help="Day of the release.")] = None,
    spotify_id: SpotifyId = None,
    apple_id: AppleId = None,
    youtube_id: YoutubeId = None,
    isrc: Annotated[str | None, typer.Option(help="International recording code.")] = None,
    upc: Annotated[str | None, typer.Option(help="Product code.")] = None,
    campaign: Annotated[
        list[str] | None,
        typer.Option(help="Campaign without the title in its name; may stand several times."),
    ] = None,
    landing_url: Annotated[
        list[str] | None, typer.Option(help="Landing page; may stand several times.")
    ] = None,
    file: File = None,
) -> None:
    """Declare a release; downloads are matched to it by its ids, else by the title."""
    from spotify_assets.sources.release_files import editing  # noqa: PLC0415 - slow to import

    try:
        day = date and dt.date.fromisoformat(date)
    except ValueError:
        stop(f"{date!r} is no day: write it as 2026-11-20.", USAGE)
    values = {
        **{"artist": artist, "title": title, "date": day, "spotify_id": spotify_id},
        **{"apple_id": apple_id, "youtube_id": youtube_id, "isrc": isrc, "upc": upc},
        **{"campaigns": campaign, "landing_urls": landing_url},
    }
    done = f"{release_id} is there"
    _change(file, lambda text: editing.add_release(text, release_id, values), done)


@app.command()
def remove(name: Id, file: File = None) -> None:
    """Take a release or an artist out. Their downloads stay, and are of no release then."""
    from spotify_assets.sources.release_files import editing  # noqa: PLC0415 - slow to import

    _change(file, lambda text: editing.remove(text, name), f"{name} is out")


def _change(file: Path | None, change: Callable[[str], str], done: str) -> None:
    """Change the file, or say why not and leave it as it is."""
    settings = settings_or_stop(secrets=False)
    path, text = _text(settings, file)
    made = _or_stop(path, lambda: change(text))
    with writing(path, "what a label declares"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as scratch:
            temporary = Path(scratch) / path.name
            temporary.write_text(made, encoding="utf-8")
            temporary.replace(path)
    out.print(
        f"{done}: {path}\nTo match all downloads again (the inbox does it by itself):\n"
        f"  spotify-assets import {path}",
        soft_wrap=True,
        markup=False,
        highlight=False,
    )


def _text(settings: Settings, file: Path | None) -> tuple[Path, str]:
    """The file and its text; where there is none, that of what was imported last.

    An older one is not changed: it would become the newest, and what came meanwhile be lost.
    """
    from spotify_assets.sources.release_files import importing  # noqa: PLC0415 - slow to import

    path = file.expanduser().resolve() if file else settings.inbox / NAME
    imported = importing.newest_declaration(settings.lake)
    if not path.exists():
        return path, imported.text if imported else ""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        stop(f"{path} cannot be read: {error}.", USAGE)
    saved = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    if imported and imported.saved_at > saved and imported.text != text:
        stop(
            f"{path} is older than the {imported.name} that was imported last (saved "
            f"{imported.saved_at:%Y-%m-%d %H:%M} UTC): name that one with --file, or delete this "
            "one to go on from what was imported.",
            USAGE,
        )
    return path, text


def _or_stop(path: Path, ask: Callable[[], Any]) -> Any:
    from spotify_assets.sources.release_files import Refused  # noqa: PLC0415 - slow to import

    try:
        return ask()
    except Refused as error:
        stop(f"{path}: {error}", USAGE)
