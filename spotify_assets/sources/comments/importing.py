"""Files and requests → batches of the lake, each once.

Belongs here: finding files, and making a batch of what came. Does not belong here: their forms.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from spotify_assets.lake import Lake, history
from spotify_assets.lake.comments import Batch, find_batch, new_id, write_batch
from spotify_assets.sources.comments.bodies import EXTENSIONS, READERS, Refused
from spotify_assets.sources.comments.records import Records

MAX_BYTES = 256 * 1024 * 1024
"""Of a file: it is read into memory."""
API = "api"


@dataclass
class Imported:
    """What an import did."""

    batch_ids: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    """Those that were not there before."""
    received: int = 0
    """Rows of the new ones."""
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Files of which nothing could be read, and why."""


def find(paths: Iterable[Path]) -> list[Path]:
    """Files that may hold comments, in folders to any depth and by themselves."""
    found: list[Path] = []
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        found += [one for one in files if one.suffix.lower() in EXTENSIONS or one == path]
    return [file for file in dict.fromkeys(found) if file.is_file()]


def import_files(files: Sequence[Path], lake: Lake, now: dt.datetime) -> Imported:
    """Make a batch of each file; one that was imported before is left as it is.

    Args:
        files: As `find` has them.
        lake: Where they go.
        now: When that is (UTC).

    Raises:
        LakeError: The lake cannot be written.
    """
    done = Imported()
    for file in files:
        try:
            batch = _batch(file, lake, now)
            done.batch_ids.append(batch.batch_id)
            if find_batch(lake, batch.batch_id) is None:
                write_batch(lake, batch)
                done.new.append(batch.batch_id)
                done.received += len(batch.lines)
        except Refused as error:
            done.refused.append((file.name, str(error)))
        except OSError as error:
            done.refused.append((file.name, f"It cannot be read: {error.strerror or error}."))
    return done


def _batch(file: Path, lake: Lake, now: dt.datetime) -> Batch:
    form = EXTENSIONS.get(file.suffix.lower())
    if form is None:
        raise Refused(f"Its name ends in none of {', '.join(EXTENSIONS)}.")
    if file.stat().st_size > MAX_BYTES:
        raise Refused(f"It is larger than {MAX_BYTES >> 20} MiB: split it.")
    body = file.read_bytes()
    records = Records(history.secret(lake), _source(file))
    READERS[form](body, records)
    batch_id = hashlib.sha256(f"{records.source}\0".encode("utf-8", "replace") + body).hexdigest()
    return Batch(
        batch_id[:24], now, form, records.source, records.lines, file.name, list(records.left_out)
    )


def _source(file: Path) -> str:
    """A file that does not say it is from where its name says: `youtube-2026-11.csv`."""
    name = file.stem.casefold()
    letters = "".join(one if one.isalpha() else " " for one in name).split()
    return letters[0] if letters else "file"


def accept(lake: Lake, records: Records, now: dt.datetime) -> Batch:
    """Put what a request brought into the lake; on the disk when this returns.

    Raises:
        LakeError: It cannot be written.
    """
    batch = Batch(
        new_id(now), now, API, records.source, records.lines, None, list(records.left_out)
    )
    write_batch(lake, batch)
    return batch
