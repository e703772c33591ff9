"""Changes of ``releases.toml`` that leave every other line of it as it is, comments too.

Belongs here: from a text to a text that `declared.read` takes. Does not belong here: where the
file lies.
"""

import datetime as dt
import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from spotify_assets.sources.release_files import declared
from spotify_assets.sources.release_files.reading import Refused

NEAREST = 3
ARTISTS, RELEASES = "artists", "releases"
Values = Mapping[str, str | dt.date | Sequence[str] | None]
FORMS = {
    "id": (r"[a-z0-9][a-z0-9._-]*", "small letters, digits, dots and dashes, such as spring-tide"),
    "spotify_id": (r"[0-9A-Za-z]{22}", "22 letters and digits: the end of the address at Spotify"),
    "isrc": (r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", "12 characters without dashes, such as PTABC2500001"),
    "upc": (r"[0-9]{12,14}", "12 to 14 digits"),
}
"""Of a value the regular expression, and the same in words."""


def add_artist(text: str, artist_id: str, values: Values) -> str:
    """Declare an artist; arguments and errors as `add_release` has them."""
    return _add(text, ARTISTS, artist_id, values)


def add_release(text: str, release_id: str, values: Values) -> str:
    """Declare a release.

    Args:
        text: The file as it is; empty where there is none.
        release_id: The id that the tables will have.
        values: By the names of `declared`; what is ``None`` or empty is left out.

    Raises:
        Refused: It is there already, or a value cannot be one, or another release has it; or the
            file is wrong as it is.
    """
    artists = declared.read(text.encode()).artists
    known = [artist["artist_id"] for artist in artists]
    if values["artist"] not in known:
        raise Refused(
            f"No artist {values['artist']!r} is declared{near(str(values['artist']), known)}."
        )
    return _add(text, RELEASES, release_id, values)


def remove(text: str, name: str) -> str:
    """Take an artist or a release out, by its id.

    Raises:
        Refused: There is none of that id, or releases of the artist are left.
    """
    said = declared.read(text.encode())
    artists = [one["artist_id"] for one in said.artists]
    releases = [one["release_id"] for one in said.releases]
    if name not in (*artists, *releases):
        raise Refused(f"Nothing is declared as {name!r}{near(name, [*releases, *artists])}.")
    # Of a release and an artist of one id, the release goes first.
    tables = RELEASES if name in releases else ARTISTS
    left = [one["release_id"] for one in said.releases if one["artist"] == name]
    if tables == ARTISTS and left:
        raise Refused(f"Releases of {name} are declared: remove {', '.join(left)} first.")
    return _checked(_without(text, tables, name), tables, name, text)


def near(name: str, known: Iterable[str]) -> str:
    """The nearest of some names, as the end of a sentence; empty where nothing is like it."""
    found = difflib.get_close_matches(name, list(known), NEAREST, cutoff=0.4)
    return f"; near to it: {', '.join(found)}" if found else ""


def _add(text: str, tables: str, name: str, values: Values) -> str:
    said = declared.read(text.encode())
    _hold("id", name)
    every = {ARTISTS: said.artists, RELEASES: said.releases}[tables]
    one = {ARTISTS: "artist_id", RELEASES: "release_id"}[tables]
    if name in [other[one] for other in every]:
        raise Refused(f"{tables}.{name} is there already: change it in the file.")
    filled = {key: value for key, value in values.items() if value}
    for key, value in filled.items():
        _hold(key, value)
        for other in every:
            if key in (*FORMS, "apple_id", "youtube_id") and other[key] == value:
                raise Refused(f"{tables}.{other[one]} has the {key} {value} already.")
    # A text in JSON is one in TOML.
    lines = [f"{key} = {_value(value)}" for key, value in filled.items()]
    key = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)
    before = f"{text.rstrip()}\n\n" if text.strip() else ""
    return _checked("\n".join([f"{before}[{tables}.{key}]", *lines, ""]), tables, name, text)


def _value(value: Any) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def _without(text: str, tables: str, name: str) -> str:
    """The text without the lines of a table; comments that follow it are of the next."""
    key = rf"(?:{re.escape(name)}|{re.escape(json.dumps(name))}|'{re.escape(name)}')"
    header = re.compile(rf"\s*\[\s*{tables}\s*\.\s*{key}\s*\]\s*(?:#.*)?")
    lines = text.split("\n")
    begin = next((n for n, line in enumerate(lines) if header.fullmatch(line)), None)
    if begin is None:
        return text
    after = range(begin + 1, len(lines))
    next_table = next((n for n in after if lines[n].lstrip().startswith("[")), len(lines))
    end = next_table
    while end > begin + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip()[0] == "#"):
        end -= 1
    left = lines[:begin] + (lines[end:] if lines[end:] and lines[end].strip() else lines[end + 1 :])
    return "\n".join(left).rstrip() + "\n" if any(left) else ""


def _checked(made: str, tables: str, name: str, text: str) -> str:
    """A changed text, if it says the same as before of all but what was changed."""
    try:
        before, after = (tomllib.loads(one) for one in (text, made))
        declared.read(made.encode())
    except tomllib.TOMLDecodeError as error:
        raise Refused(BY_HAND.format(f"{tables}.{name}")) from error
    others = [
        {
            kind: {k: v for k, v in said.items() if (kind, k) != (tables, name)}
            for kind, said in one.items()
        }
        for one in (before, after)
    ]
    differ = [{kind: said for kind, said in one.items() if said} for one in others]
    if differ[0] != differ[1] or before == after:
        raise Refused(BY_HAND.format(f"{tables}.{name}"))
    return made


BY_HAND = "{} is not written as a table of its own, such as [releases.an-id]: change it by hand."


def _hold(key: str, value: Any) -> None:
    """Refuse a value that cannot be one of its kind."""
    if key in FORMS and not re.fullmatch(FORMS[key][0], str(value)):
        raise Refused(f"{value!r} cannot be the {key}: it is {FORMS[key][1]}.")
