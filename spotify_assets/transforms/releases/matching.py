"""Which release or artist a file, or a row of it, is of: by id, else by title.

Belongs here: comparing names. Does not belong here: what is made of the rows.
"""

import difflib
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

MIN_TITLE = 3
"""Characters of a title below which it is not looked for in the name of a campaign."""
NEAREST = 3


@dataclass(frozen=True)
class Matched:
    """Rows with `release_id` or `artist_id`."""

    rows: pl.DataFrame
    unmatched: int
    nearest: str | None
    """Of the first name that matches nothing, the nearest that are declared."""


def normal(name: str) -> str:
    """A name without what a file system, a browser or a platform may change in it.

    Letters and digits alone: what a file name cannot hold is an underscore there.
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    letters = "".join(one for one in unicodedata.normalize("NFC", folded) if one.isalnum())
    return letters or folded.strip()


@dataclass(frozen=True)
class Declared:
    """The label's artists and releases."""

    artists: Sequence[Mapping[str, Any]]
    releases: Sequence[Mapping[str, Any]]

    def match(self, facts: Mapping[str, Any], rows: pl.DataFrame) -> Matched:
        """Say of each row which release (of an audience: which artist) it is of."""
        about = facts["about"]
        match facts["kind"]:
            case "audience":
                artist = self._artist(about)
                return self._of(rows, "artist_id", lambda _: artist, about, self._artist_names)
            case "song_streams" | "playlists":
                release = self._release(about)
                return self._of(rows, "release_id", lambda _: release, about)
            case "songs":
                artist = self._artist(about)
                return self._of(rows, "release_id", lambda row: self._release(row, artist), "song")
            case "campaigns":
                return self._of(rows, "release_id", self._advertised, "campaign")
            case "links":
                release = self._release(about)
                return self._of(
                    rows, "release_id", lambda url: self._landing.get(url, release), "landing_url"
                )
            case _:
                return self._sold(rows)

    def _of(
        self,
        rows: pl.DataFrame,
        subject: str,
        find: Callable[[str], str | None],
        by: str,
        names: Iterable[str] | None = None,
    ) -> Matched:
        """Match by a column, or, where ``by`` is none, all rows by the file's name."""
        if rows.is_empty():
            return Matched(rows.with_columns(pl.lit(None, pl.String).alias(subject)), 0, None)
        name = pl.col(by) if by in rows.columns else pl.lit(by)
        found = {one: find(one) for one in rows.select(name.unique()).to_series()}
        subjects = pl.Series(list(found.values()), dtype=pl.String)
        matched = rows.with_columns(name.replace_strict(list(found), subjects).alias(subject))
        lacking = sorted(str(one) for one, subject_id in found.items() if subject_id is None)
        return Matched(matched, matched[subject].null_count(), self._nearest(lacking, names))

    def _nearest(self, lacking: Sequence[str], names: Iterable[str] | None) -> str | None:
        if not lacking:
            return None
        declared = list(self._titles if names is None else names)
        near = difflib.get_close_matches(lacking[0], declared, NEAREST, cutoff=0.4)
        return f"{lacking[0]}: {', '.join(near) or 'nothing like it is declared'}"

    @cached_property
    def _titles(self) -> list[str]:
        return [release["title"] for release in self.releases]

    @cached_property
    def _artist_names(self) -> list[str]:
        return [artist["name"] for artist in self.artists]

    @cached_property
    def _landing(self) -> dict[str, str]:
        return {
            url: release["release_id"]
            for release in self.releases
            for url in release.get("landing_urls", [])
        }

    def _artist(self, name: str) -> str | None:
        by_id = {artist["spotify_id"]: artist["artist_id"] for artist in self.artists}
        by_name = _only((normal(one["name"]), one["artist_id"]) for one in self.artists)
        return by_id.get(name) or by_name.get(normal(name))

    @cached_property
    def _by_id(self) -> dict[str, str]:
        return {
            release[name]: release["release_id"]
            for release in self.releases
            for name in ("spotify_id", "isrc", "upc")
            if release.get(name)
        }

    @cached_property
    def _by_title(self) -> dict[str | None, dict[str, str]]:
        """Titles of one release, of each artist and (``None``) of all together."""
        artists = {None, *(release["artist_id"] for release in self.releases)}
        return {
            artist: _only(
                (normal(release["title"]), release["release_id"])
                for release in self.releases
                if artist in (None, release["artist_id"])
            )
            for artist in artists
        }

    def _release(self, name: str, artist: str | None = None) -> str | None:
        by_title = self._by_title.get(artist, {})
        return self._by_id.get(name) or by_title.get(normal(name))

    def _advertised(self, campaign: str) -> str | None:
        """By the declared campaigns; else by the longest title that stands in its name."""
        for release in self.releases:
            if campaign in release.get("campaigns", []):
                return str(release["release_id"])
        name = normal(campaign)
        titles = self._by_title.get(None, {})
        within = [title for title in titles if len(title) >= MIN_TITLE and title in name]
        return titles[max(within, key=len)] if within else None

    def _sold(self, rows: pl.DataFrame) -> Matched:
        """By ISRC, else by UPC, else by title and artist."""
        wanted = rows.select("isrc", "upc", "title", "artist")
        found = {}
        for isrc, upc, title, artist in wanted.unique().iter_rows():
            by_title = self._release(title, self._artist(artist) if artist else None)
            key = (isrc, upc, title, artist)
            found[key] = self._by_id.get(isrc) or self._by_id.get(upc) or by_title
        made = [found[row] for row in wanted.iter_rows()]
        lacking = sorted(title for (_, _, title, _), one in found.items() if one is None)
        matched = rows.with_columns(pl.Series("release_id", made, pl.String))
        return Matched(matched, sum(one is None for one in made), self._nearest(lacking, None))


def _only(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Those names that mean one thing."""
    meant: dict[str, set[str]] = {}
    for name, one in pairs:
        meant.setdefault(name, set()).add(one)
    return {name: next(iter(ones)) for name, ones in meant.items() if len(ones) == 1}
