"""What persons decide about comments and topics.

``raw/comment_decisions/date=<d>/<writer>.jsonl`` grows by a line a decision, which is on the disk
before anybody is told; every writer has files of its own.

Belongs here: keeping decisions and the list of topics. Does not belong here: what follows from
them (``transforms.comments``).
"""

import datetime as dt
import json
import os
import uuid
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from spotify_assets.lake import mirror
from spotify_assets.lake.comments import (
    DECISIONS,
    TOPICS,
    VOCABULARY,
    Json,
    folder,
    new_id,
    place,
    put,
)
from spotify_assets.lake.errors import DamagedFile, writing
from spotify_assets.lake.layout import DAY_FOLDER, Lake
from spotify_assets.storage.disk import sync


class DecisionLog:
    """Where one writer, a process or a session of it, notes what persons decide."""

    def __init__(self, lake: Lake) -> None:
        """Nothing is written yet."""
        self._lake = lake
        self._name = f"{uuid.uuid4().hex}.jsonl"

    def add(self, decision: Json, now: dt.datetime) -> str:
        """Note a decision; on the disk when this returns.

        Args:
            decision: `comment_id`, `category`, `topics`, `curator`, and what the label was.
            now: When that is (UTC).

        Returns:
            Its id.

        Raises:
            LakeError: It cannot be written: it does not count.
        """
        decision_id = new_id(now)
        noted = {"decision_id": decision_id, **decision, "decided_at": now.isoformat()}
        line = json.dumps(noted).encode("ascii") + b"\n"
        days = folder(self._lake, DECISIONS, now.date())
        with writing(days, "a decision"):
            if self._lake.remote:
                # Nothing can be added to an object: each is one.
                put(self._lake, days / f"{decision_id}.jsonl", line)
            else:
                self._append(days / self._name, line)
        return decision_id

    @staticmethod
    def _append(path: Path, line: bytes) -> None:
        is_new = not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            sync(path.parent)
            sync(path.parent.parent)


def decision_files(lake: Lake) -> list[Path]:
    """The files that hold decisions."""
    return sorted(folder(lake, DECISIONS).glob(f"{DAY_FOLDER}*/*.jsonl"))


def decisions(files: Iterable[Path]) -> list[dict[str, Any]]:
    """All decisions of these files, in the order in which they were taken.

    A line that a kill cut was told to nobody, and is none.

    Raises:
        DamagedFile: A line is not as it was written.
    """
    found = []
    for path in files:
        for line in path.read_bytes().split(b"\n")[:-1]:
            try:
                found.append(dict(json.loads(line)))
            except ValueError as error:
                raise DamagedFile(path, "written", "Restore it from a backup.") from error
    return sorted(found, key=lambda one: str(one["decision_id"]))


def forget_decisions(lake: Lake, comment_ids: Collection[str]) -> None:
    """Delete what was decided about comments.

    Raises:
        LakeError: It cannot be written.
    """
    for path in decision_files(lake):
        told = decisions([path])
        left = [one for one in told if one["comment_id"] not in comment_ids]
        if len(left) == len(told):
            continue
        with writing(path, "fewer decisions"):
            if left:
                put(lake, path, b"".join(json.dumps(one).encode("ascii") + b"\n" for one in left))
            else:
                mirror.delete(lake, [path])
                path.unlink()


def vocabulary_file(lake: Lake) -> Path:
    """The topics that persons accepted or refused."""
    return folder(lake, TOPICS) / VOCABULARY


def write_vocabulary(lake: Lake, text: str) -> None:
    """Put another list of topics in the place of the one that is there.

    Raises:
        LakeError: It cannot be written.
    """
    path = vocabulary_file(lake)
    with writing(path, "the topics"), lake.temporary(".toml") as temporary:
        temporary.write_text(text, encoding="utf-8")
        sync(temporary)
        place(lake, temporary, path)
