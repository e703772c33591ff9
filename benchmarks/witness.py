"""What a lake held after each kill, and whether it holds it still.

Belongs here: reading journals and sealed files, and comparing them with what came later. Does not
belong here: killing (``kills``) and the accounts of log and ledger (``accounts``).
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from spotify_assets.defs.catalog.raw_file import raw_file
from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.exchanges import Exchange, Request, decode, is_final
from spotify_assets.lake.log import Origin
from spotify_assets.lake.raw import RawPartition, Sealed, read_exchanges
from spotify_assets.lake.tables import held_file, write_days
from spotify_assets.transforms.catalog.responses import process

UNDER_WAY = re.compile(r"\d{4}\.(journal\.jsonl|responses/\d+\.jsonl)$")
"""Of a collection: its journal in a folder, its responses on a store."""
Question = tuple[str | None, str, str]
"""Day, path and parameters: what makes two calls the same. Each genre-day has a day of its own."""
OF_A_RUN: Mapping[str, Sequence[str]] = {
    "processed.extracts": ("responses", "refused_responses", "unreadable_responses"),
}
"""Columns that count refused and corrupted responses too."""
LINE = "source_line"
"""It counts them as well."""
UNREADABLE = "responses"
"""In `quarantine.rows`: a corrupted response, which has no fellow in an undisturbed collection."""


def question(day: str | None, path: str, params: Mapping[str, str | int]) -> Question:
    """The same for a call in the log, in the ledger and in the journal."""
    texts = {name: str(value) for name, value in sorted(params.items())}
    return day, path.removeprefix("/v1").strip("/"), json.dumps(texts)


def asked(genre_day: GenreDay, request: Request) -> Question:
    """The question of a line in the journal."""
    return question(genre_day.date.isoformat(), request.path, request.params)


@dataclass
class Witness:
    """Sees all that a lake holds, again and again."""

    lake: Lake
    genre_days: Sequence[GenreDay]
    lost: int = 0
    """Responses that were there and are not any more."""
    answered_after: dict[Question, int] = field(default_factory=dict)
    """For each question with a final answer: how many calls the log held when that was seen."""
    _held: dict[GenreDay, Counter[bytes]] = field(default_factory=dict)
    _finished: set[GenreDay] = field(default_factory=set)

    def look(self, calls: int, *, at_all: bool = False) -> None:
        """Take note of what is held now.

        Args:
            calls: How many calls the sandbox's log holds.
            at_all: Look again at what was finished when it was seen last.
        """
        for genre_day in self.genre_days:
            if genre_day in self._finished and not at_all:
                continue
            partition = RawPartition(self.lake, genre_day)
            lines = list(_lines(partition))
            now = Counter(_bytes(one) for one in lines)
            self.lost += (self._held.get(genre_day, Counter()) - now).total()
            self._held[genre_day] = now
            for one in lines:
                if is_final(one.request, one.response):
                    self.answered_after.setdefault(asked(genre_day, one.request), calls)
            if partition.is_finished():
                self._finished.add(genre_day)

    @property
    def unfinished(self) -> int:
        """Genre-days that were not finished when they were seen last."""
        return len(self.genre_days) - len(self._finished)


def half_sealed(lake: Lake, genre_days: Sequence[GenreDay]) -> set[GenreDay]:
    """Those with a sealed file beside their journal."""
    store = lake.log.store
    there = {one: store.keys(lake.relative(RawPartition(lake, one).folder)) for one in genre_days}
    return {
        one
        for one, keys in there.items()
        if any(key.endswith("0001.jsonl.zst") for key in keys)
        and any(UNDER_WAY.search(key) for key in keys)
    }


def _lines(partition: RawPartition) -> Iterator[Exchange]:
    """Of the sealed file, else of the journal; a line that a kill cut in two is none."""
    if partition.is_finished() and (sealed := partition.latest()) is not None:
        yield from read_exchanges(sealed.path)
        return
    store = partition.lake.log.store
    for key in store.keys(partition.lake.relative(partition.folder)):
        if UNDER_WAY.search(key):
            lines = store.get(key).splitlines(keepends=True)
            yield from (decode(line) for line in lines if line.endswith(b"\n"))


def _bytes(one: Exchange) -> bytes:
    """What may not change: place, question, time and answer."""
    head = one.line, one.request.identity, one.response.requested_at, one.response.status
    return repr(head).encode() + one.response.body


def answers(sealed: Sealed) -> list[tuple[str, bytes]]:
    """Questions and the bytes of their good answers, in order."""
    return [
        (one.request.identity, one.response.body)
        for one in read_exchanges(sealed.path)
        if one.response.status == 200 and is_final(one.request, one.response)
    ]


def write_tables(lake: Lake, sealed: Sequence[Sealed]) -> dict[str, bytes]:
    """Process raw files; the bytes of each Parquet file, without what is of a run."""
    tables = process([raw_file(one) for one in sealed])
    written = {}
    for name, frame in tables.items():
        rows = _without_the_run(name, frame)
        by_day = rows.partition_by("genre", "date", as_dict=True)
        for one in sealed:
            day = one.genre_day
            part = by_day.get((day.genre, day.date), rows.clear())
            write_days(lake, day.genre, {day.date: {name: part}}, Origin(code_version="bench"))
            if file := held_file(lake, name, day):
                written[f"{name} of {day}"] = lake.log.store.get(file.key)
    return written


def _without_the_run(name: str, rows: pl.DataFrame) -> pl.DataFrame:
    if "table_name" in rows.columns and "record" in rows.columns:
        rows = rows.filter(pl.col("table_name") != UNREADABLE)
    return rows.drop(LINE, *OF_A_RUN.get(name, ()), strict=False)


def sealed_of(lake: Lake, genre_days: Sequence[GenreDay]) -> list[Sealed]:
    """The newest finished collection of each.

    Raises:
        LakeError: A file is not the one that was sealed.
    """
    found = [RawPartition(lake, one).latest() for one in genre_days]
    return [one for one in found if one is not None]
