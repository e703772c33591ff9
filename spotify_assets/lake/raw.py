"""Raw responses of a genre-day: collections, each one file that is sealed when it is finished.

A collection is one file, a line a response. Under way it is the journal ``0001.journal.jsonl``.
Sealed, it is ``0001.jsonl.zst`` with a sidecar ``0001.json`` that holds its lines, bytes and hash:
a ``.zst`` that was cut at a block boundary reads as complete, so only the sidecar can tell. A
further collection of the same partition is ``0002``; nothing is overwritten.

On a store the same files have the same names. There the journal is an object for each response
(``responses``), and its file a copy on the machine that collects.

Belongs here: which collections there are, sealing one, reading a sealed one. Does not belong here:
the journal, which is ``journal``, and the form of a line, which is ``exchanges``.
"""

import contextlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import zstandard

from spotify_assets.lake.errors import DamagedFile, LakeError, writing
from spotify_assets.lake.exchanges import Exchange, decode, is_final
from spotify_assets.lake.files import compress, sha256
from spotify_assets.lake.journal import (
    ABANDONED,
    JOURNAL,
    TERMS,
    CollectionParameters,
    Journal,
    number_of,
)
from spotify_assets.lake.layout import RAW_CATALOG, GenreDay, Lake
from spotify_assets.lake.responses import LINES, Responses, note, put_sealed
from spotify_assets.lake.store import AlreadyThere
from spotify_assets.storage.disk import sync

SEALED = "{:04d}.jsonl.zst"
SIDECAR = "{:04d}.json"
COPY_BYTES = 1 << 20
UNDER_WAY = (f".{LINES}/", ".terms.json")
"""How objects of a collection under way go on after its number."""


@dataclass(frozen=True)
class Sealed:
    """A finished collection of a genre-day."""

    genre_day: GenreDay
    path: Path
    source_file: str
    """``path`` relative to the lake."""
    lines: int
    bytes: int
    """Size of the lines, uncompressed."""
    sha256: str
    """Of the compressed file."""
    terms: CollectionParameters


@dataclass(frozen=True)
class RawPartition:
    """All collections of one genre-day."""

    lake: Lake
    genre_day: GenreDay

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return self.lake.partition(RAW_CATALOG, self.genre_day)

    def latest(self) -> Sealed | None:
        """The newest finished collection, held to its sidecar.

        Raises:
            DamagedFile: The file is not the one that was sealed.
        """
        number = max(self._numbers(SIDECAR), default=None)
        return None if number is None else self._sealed(number)

    def journal(self, terms: CollectionParameters, *, force: bool = False) -> Journal:
        """The collection under way, or a new one.

        Args:
            terms: What is wanted.
            force: Begin a new collection even where a finished one is there. One that is under way
                under the same terms goes on: what it holds was asked for just as this would be.
                Under other terms it is put aside, and stays.

        Raises:
            LakeError: It is finished, or another process has it; or as `Journal`.
        """
        path = self._journal_path(force=force)
        journal = Journal(path, terms, self._responses(number_of(path)))
        try:
            if number_of(path) in self._numbers(SIDECAR):
                # Between choosing the path and having the lock; its sealed file must stay.
                raise LakeError(
                    f"{self.genre_day} was finished by another process just now. Run again."
                )
            if not force or journal.terms == terms:
                return journal
            self._put_aside(path)
        except BaseException:
            journal.close()
            raise
        journal.close()
        return self.journal(terms, force=True)

    def _put_aside(self, path: Path) -> None:
        number = number_of(path)
        if responses := self._responses(number):
            store = self.lake.log.store
            with contextlib.suppress(AlreadyThere):
                store.create(self._key(ABANDONED.format(number)), path.read_bytes())
            responses.delete()
            path.unlink()
        else:
            path.replace(self.folder / ABANDONED.format(number))
            (self.folder / TERMS.format(number)).unlink()

    def is_finished(self) -> bool:
        """Whether a collection is finished, and none is under way."""
        names = self._names()
        return bool(_numbers(names, SIDECAR)) and not _under_way(names)

    def is_intact(self) -> bool:
        """Whether the newest finished collection is there, as long as it was when it was sealed.

        This takes no time, because the file is not read; `latest` holds it to its hash.
        """
        number = max(self._numbers(SIDECAR), default=None)
        if number is None:
            return False
        if self.lake.remote:
            return number in self._numbers(SEALED)
        try:
            facts = json.loads((self.folder / SIDECAR.format(number)).read_text(encoding="utf-8"))
            size = (self.folder / SEALED.format(number)).stat().st_size
            # Sidecars of older versions do not say how long it was.
            return bool(size == facts.get("compressed_bytes", size))
        except (FileNotFoundError, ValueError, AttributeError):
            return False

    def is_under_way(self) -> bool:
        """Whether a collection was begun and not finished."""
        return bool(_under_way(self._names()))

    def held(self) -> Counter[str]:
        """Answers of the collection under way, by family; read beside whoever collects it."""
        families: Counter[str] = Counter()
        for number in sorted(_under_way(self._names()))[-1:]:
            for line in self._lines(number):
                # It may be half written, or damaged and asked again.
                with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
                    held = decode(line)
                    is_answer = is_final(held.request, held.response)
                    families[held.request.endpoint] += is_answer
        return families

    def _lines(self, number: int) -> Iterator[bytes]:
        # It may be sealed meanwhile.
        with contextlib.suppress(FileNotFoundError):
            if responses := self._responses(number):
                yield from responses.lines()
                return
            with (self.folder / JOURNAL.format(number)).open("rb") as file:
                yield from file

    def seal(self, journal: Journal) -> Sealed:
        """Compress the journal into its final file; only then does the journal go.

        A kill at any point leaves either the journal, from which this is done again, or the
        sealed file with its sidecar, which is written last.
        """
        number = number_of(journal.path)
        # The journal is locked for this process; this keeps its own threads apart.
        with journal.sealing:
            if number not in self._numbers(SIDECAR):
                self._compress(journal, number)
            sealed = self._read_back(number)
            if responses := self._responses(number):
                responses.delete()
            with writing(sealed.path, f"the raw responses of {self.genre_day}"):
                # Missing where another process has cleared them away, as `journal` does. The
                # journal is the last: it tells that there is something to clear away.
                (self.folder / TERMS.format(number)).unlink(missing_ok=True)
                journal.path.unlink(missing_ok=True)
        return sealed

    def _compress(self, journal: Journal, number: int) -> None:
        """Write the sealed file and, at the end, its sidecar."""
        sealed, sidecar = self.folder / SEALED.format(number), self.folder / SIDECAR.format(number)
        with writing(sealed, f"the raw responses of {self.genre_day}"):
            with self.lake.temporary(".jsonl.zst") as temporary:
                size = compress(journal.path, temporary)
                if store := self.lake.remote:
                    held = put_sealed(store, self.lake.relative(sealed), temporary.read_bytes())
                    temporary.write_bytes(held)
                facts = {
                    "lines": journal.lines,
                    "bytes": size,
                    "compressed_bytes": temporary.stat().st_size,
                    "sha256": sha256(temporary),
                    "terms": asdict(journal.terms),
                }
                temporary.replace(sealed)
            if store:
                note(store, self.lake.relative(sidecar), facts)
                return
            with self.lake.temporary(".json") as noted:
                noted.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
                sync(noted)
                noted.replace(sidecar)

    def _read_back(self, number: int) -> Sealed:
        """The sealed file as it is on the disk; where it is not what was sealed, it is none.

        Without its sidecar the journal, which is still there, is the collection again.
        """
        try:
            return self._sealed(number)
        except DamagedFile:
            self.lake.log.store.delete([self._key(SIDECAR.format(number))])
            raise

    def _journal_path(self, *, force: bool) -> Path:
        names = self._names()
        sealed, under_way = _numbers(names, SIDECAR), _under_way(names)
        for left_over in set(_numbers(names, JOURNAL)) - under_way:
            # Killed between writing the sidecar and deleting the journal.
            if responses := self._responses(left_over):
                responses.delete()
            (self.folder / TERMS.format(left_over)).unlink(missing_ok=True)
            (self.folder / JOURNAL.format(left_over)).unlink(missing_ok=True)
        if sealed and not under_way and not force:
            raise LakeError(f"{self.genre_day} is collected already.")
        put_aside = _numbers(names, ABANDONED)
        number = max(under_way) if under_way else max([*sealed, *put_aside], default=0) + 1
        return self.folder / JOURNAL.format(number)

    def _numbers(self, pattern: str) -> list[int]:
        return _numbers(self._names(), pattern)

    def _names(self) -> set[str]:
        """Of the files of all collections; of what is on a store, as if it were in the folder."""
        if not self.lake.remote:
            return {path.name for path in self.folder.glob("[0-9][0-9][0-9][0-9].*")}
        folder = self._key("")
        names = {key.removeprefix(f"{folder}/") for key in self.lake.log.store.keys(folder)}
        of_journals = {name[:4] for name in names if name[4:].startswith(UNDER_WAY)}
        return names | {JOURNAL.format(int(number)) for number in of_journals}

    def _key(self, name: str) -> str:
        return self.lake.relative(self.folder / name)

    def _responses(self, number: int) -> Responses | None:
        store = self.lake.remote
        return Responses(store, self._key(f"{number:04d}")) if store else None

    def _sealed(self, number: int) -> Sealed:
        path = self.folder / SEALED.format(number)
        try:
            facts = json.loads(self.lake.log.store.get(self._key(SIDECAR.format(number))))
            sealed = Sealed(
                self.genre_day,
                path,
                self.lake.relative(path),
                facts["lines"],
                facts["bytes"],
                facts["sha256"],
                CollectionParameters(**facts["terms"]),
            )
        except (ValueError, KeyError, TypeError):
            sealed = None
        if sealed and self.lake.remote and not (path.exists() and sha256(path) == sealed.sha256):
            # It may be of a collection that was purged since.
            path.unlink(missing_ok=True)
            self.lake.fetched([sealed.source_file])
        if sealed is None or not path.exists() or sha256(path) != sealed.sha256:
            raise DamagedFile(
                path,
                "sealed",
                f"Restore it from a backup, or delete it and its sidecar {SIDECAR.format(number)}.",
            )
        return sealed


def _numbers(names: Iterable[str], pattern: str) -> list[int]:
    suffix = pattern.removeprefix("{:04d}")
    return [int(name[:4]) for name in names if name[4:] == suffix]


def _under_way(names: Collection[str]) -> set[int]:
    return set(_numbers(names, JOURNAL)) - set(_numbers(names, SIDECAR))


def read_exchanges(path: Path) -> Iterator[Exchange]:
    """The exchanges of a sealed file, in order."""
    with path.open("rb") as file:
        yield from exchanges(file)


def exchanges(packed: BinaryIO | bytes) -> Iterator[Exchange]:
    """The same of what a sealed file holds."""
    with zstandard.ZstdDecompressor().stream_reader(packed) as stream:
        rest = b""
        while chunk := stream.read(COPY_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (decode(line) for line in lines)
