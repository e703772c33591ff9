"""Raw responses of a genre-day: collections, each one file that is sealed when it is finished.

A collection is one file, a line a response. Under way it is the journal ``0001.journal.jsonl``.
Sealed, it is ``0001.jsonl.zst`` with a sidecar ``0001.json`` that holds its lines, bytes and hash:
a ``.zst`` that was cut at a block boundary reads as complete, so only the sidecar can tell. A
further collection of the same partition is ``0002``; nothing is overwritten.

Belongs here: which collections there are, sealing one, reading a sealed one. Does not belong here:
the journal, which is ``journal``, and the form of a line, which is ``exchanges``.
"""

import contextlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

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
from spotify_assets.storage.disk import sync

SEALED = "{:04d}.jsonl.zst"
SIDECAR = "{:04d}.json"
COPY_BYTES = 1 << 20


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
        journal = Journal(path, terms)
        try:
            if number_of(path) in self._numbers(SIDECAR):
                # Between choosing the path and having the lock; its sealed file must stay.
                raise LakeError(
                    f"{self.genre_day} was finished by another process just now. Run again."
                )
            if not force or journal.terms == terms:
                return journal
            path.replace(self.folder / ABANDONED.format(number_of(path)))
            (self.folder / TERMS.format(number_of(path))).unlink()
        except BaseException:
            journal.close()
            raise
        journal.close()
        return self.journal(terms, force=True)

    def is_finished(self) -> bool:
        """Whether a collection is finished, and none is under way."""
        return bool(self._numbers(SIDECAR)) and not self._under_way()

    def is_intact(self) -> bool:
        """Whether the newest finished collection is there, as long as it was when it was sealed.

        This takes no time, because the file is not read; `latest` holds it to its hash.
        """
        number = max(self._numbers(SIDECAR), default=None)
        if number is None:
            return False
        try:
            facts = json.loads((self.folder / SIDECAR.format(number)).read_text(encoding="utf-8"))
            size = (self.folder / SEALED.format(number)).stat().st_size
            # Sidecars of older versions do not say how long it was.
            return bool(size == facts.get("compressed_bytes", size))
        except (FileNotFoundError, ValueError, AttributeError):
            return False

    def is_under_way(self) -> bool:
        """Whether a collection was begun and not finished."""
        return bool(self._under_way())

    def held(self) -> Counter[str]:
        """Answers of the collection under way, by family; read beside whoever collects it."""
        families: Counter[str] = Counter()
        for number in sorted(self._under_way())[-1:]:
            # It may be sealed meanwhile; a line may be half written, or damaged and asked again.
            with (
                contextlib.suppress(FileNotFoundError),
                (self.folder / JOURNAL.format(number)).open("rb") as file,
            ):
                for line in file:
                    with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
                        held = decode(line)
                        is_answer = is_final(held.request, held.response)
                        families[held.request.endpoint] += is_answer
        return families

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
                facts = {
                    "lines": journal.lines,
                    "bytes": size,
                    "compressed_bytes": temporary.stat().st_size,
                    "sha256": sha256(temporary),
                    "terms": asdict(journal.terms),
                }
                temporary.replace(sealed)
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
            (self.folder / SIDECAR.format(number)).unlink(missing_ok=True)
            raise

    def _journal_path(self, *, force: bool) -> Path:
        sealed, under_way = self._numbers(SIDECAR), self._under_way()
        for left_over in set(self._numbers(JOURNAL)) - under_way:
            # Killed between writing the sidecar and deleting the journal.
            (self.folder / TERMS.format(left_over)).unlink(missing_ok=True)
            (self.folder / JOURNAL.format(left_over)).unlink(missing_ok=True)
        if sealed and not under_way and not force:
            raise LakeError(f"{self.genre_day} is collected already.")
        put_aside = self._numbers(ABANDONED)
        number = max(under_way) if under_way else max([*sealed, *put_aside], default=0) + 1
        return self.folder / JOURNAL.format(number)

    def _under_way(self) -> set[int]:
        return set(self._numbers(JOURNAL)) - set(self._numbers(SIDECAR))

    def _numbers(self, pattern: str) -> list[int]:
        suffix = pattern.removeprefix("{:04d}")
        return [
            int(path.name.removesuffix(suffix))
            for path in self.folder.glob(f"[0-9][0-9][0-9][0-9]{suffix}")
        ]

    def _sealed(self, number: int) -> Sealed:
        path = self.folder / SEALED.format(number)
        try:
            facts = json.loads((self.folder / SIDECAR.format(number)).read_text(encoding="utf-8"))
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
        if sealed is None or not path.exists() or sha256(path) != sealed.sha256:
            raise DamagedFile(
                path,
                "sealed",
                f"Restore it from a backup, or delete it and its sidecar {SIDECAR.format(number)}.",
            )
        return sealed


def read_exchanges(path: Path) -> Iterator[Exchange]:
    """The exchanges of a sealed file, in order."""
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
        rest = b""
        while chunk := stream.read(COPY_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (decode(line) for line in lines)
