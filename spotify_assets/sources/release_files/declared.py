"""``releases.toml``: the artists and releases that a label has, and columns of its other files.

Belongs here: reading and checking it. Does not belong here: which file is of which release.
"""

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spotify_assets.sources.release_files import kinds
from spotify_assets.sources.release_files.kinds import Kind
from spotify_assets.sources.release_files.reading import Refused

ARTIST = ("name", "spotify_id", "apple_id", "youtube_id")
RELEASE = ("artist", "title", "date", "spotify_id", "apple_id", "youtube_id", "isrc", "upc")
LISTS = ("campaigns", "landing_urls")
FORMATS = {kind.name: kind for kind in (kinds.LINKS, kinds.SALES)}


@dataclass(frozen=True)
class Declared:
    """What the file says."""

    artists: list[dict[str, Any]]
    """A dictionary each: `artist_id` and `ARTIST`."""
    releases: list[dict[str, Any]]
    """A dictionary each: `release_id`, `RELEASE` and `LISTS`."""
    formats: dict[str, dict[str, Any]]
    """By its name the kind of a format, and its columns."""

    @property
    def own(self) -> list[Kind]:
        """The formats, as files are recognised by them."""
        return [
            Kind(
                name=FORMATS[said["kind"]].name,
                source=name,
                required=FORMATS[said["kind"]].required,
                optional=FORMATS[said["kind"]].optional,
                key=FORMATS[said["kind"]].key,
                named={kinds.normal(theirs): ours for theirs, ours in said["columns"].items()},
            )
            for name, said in self.formats.items()
        ]


def read(body: bytes) -> Declared:
    """Read the file.

    Raises:
        Refused: It is no TOML, or something in it is not as docs/releases.md has it.
    """
    try:
        said = tomllib.loads(body.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Refused(f"It is no TOML file: {error}.") from error
    _known(said, ("artists", "releases", "formats"), "The file")
    artists = [
        {"artist_id": key, **_texts(table, ARTIST, (), f"artists.{key}", ("name",))}
        for key, table in _tables(said, "artists")
    ]
    ids = {artist["artist_id"] for artist in artists}
    releases = []
    for key, table in _tables(said, "releases"):
        where = f"releases.{key}"
        release = _texts(table, RELEASE, LISTS, where, ("artist", "title"))
        if release["artist"] not in ids:
            raise Refused(f"{where}: no artist {release['artist']!r} is declared.")
        releases.append({"release_id": key, **release})
    formats = {key: _format(key, table) for key, table in _tables(said, "formats")}
    return Declared(artists, releases, formats)


def _tables(said: Mapping[str, Any], name: str) -> list[tuple[str, Mapping[str, Any]]]:
    tables = said.get(name, {})
    if not isinstance(tables, dict) or not all(isinstance(one, dict) for one in tables.values()):
        raise Refused(f"{name} has to be tables, such as [{name}.an-id].")
    return list(tables.items())


def _known(table: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    if others := sorted(set(table) - set(names)):
        raise Refused(f"{where}: {others[0]!r} is not known; known are {', '.join(names)}.")


def _texts(
    table: Mapping[str, Any],
    names: tuple[str, ...],
    lists: tuple[str, ...],
    where: str,
    required: tuple[str, ...],
) -> dict[str, Any]:
    _known(table, (*names, *lists), where)
    for name in required:
        if not table.get(name):
            raise Refused(f"{where}: {name!r} is missing.")
    for name in lists:
        if not all(isinstance(one, str) for one in table.get(name, [])):
            raise Refused(f"{where}: {name!r} has to be a list of texts.")
    for name in names:
        wanted = dt.date if name == "date" else str
        if name in table and not isinstance(table[name], wanted):
            raise Refused(f"{where}: {name!r} has to be a {'day' if name == 'date' else 'text'}.")
    texts = {name: str(table[name]) if table.get(name) else None for name in names}
    return texts | {name: list(table.get(name, [])) for name in lists}


def _format(key: str, table: Mapping[str, Any]) -> dict[str, Any]:
    where = f"formats.{key}"
    _known(table, ("kind", "columns"), where)
    kind, columns = table.get("kind"), table.get("columns")
    if kind not in FORMATS:
        raise Refused(f"{where}: its kind has to be one of {', '.join(FORMATS)}.")
    if not isinstance(columns, dict):
        raise Refused(f"{where}: its columns are missing.")
    ours = FORMATS[kind].columns
    for column in columns.values():
        if column not in ours:
            raise Refused(f"{where}: {column!r} is no column; there are {', '.join(ours)}.")
    return {"kind": kind, "columns": dict(columns)}
