"""Labels of texts of comments: files that are added, and merged where a day has many.

Belongs here: adding, reading and merging them. Does not belong here: labelling (``learning``).
"""

import contextlib
import datetime as dt
import uuid
from collections.abc import Collection
from pathlib import Path

import polars as pl

from spotify_assets.lake import mirror
from spotify_assets.lake.comments import REMAKE, TEXT_LABELS, folder, place
from spotify_assets.lake.errors import writing
from spotify_assets.lake.files import read_rows, write_parquet
from spotify_assets.lake.layout import DAY_FOLDER, Lake
from spotify_assets.storage.disk import sync

MAX_LABEL_FILES = 20
"""Files of labels of a day, above which they are merged."""


def label_files(lake: Lake, date: dt.date | None = None) -> list[Path]:
    """The files that hold labels: of a day, or of all."""
    day = "*" if date is None else str(date)
    return sorted(folder(lake, TEXT_LABELS).glob(f"{DAY_FOLDER}{day}/*.parquet"))


def known_labels(lake: Lake, version: str) -> set[str]:
    """The keys of labels of a version, whatever their day.

    Raises:
        DamagedFile: A file of labels cannot be read.
    """
    known: set[str] = set()
    for path in label_files(lake):
        # Another run may merge files meanwhile: what they hold is in the merged one.
        with contextlib.suppress(FileNotFoundError):
            rows = read_rows(path, REMAKE)
            known.update(rows.filter(pl.col("version") == version)["label_key"])
    return known


def add_labels(lake: Lake, date: dt.date, labels: pl.DataFrame) -> None:
    """Add labels of texts; on the disk when this returns.

    Raises:
        LakeError: They cannot be written.
    """
    path = folder(lake, TEXT_LABELS, date) / f"{uuid.uuid4().hex}.parquet"
    with writing(path, "labels of comments"), lake.temporary(".parquet") as temporary:
        write_parquet(labels, temporary)
        sync(temporary)
        place(lake, temporary, path)


def merge_labels(lake: Lake, date: dt.date) -> None:
    """Make one file of many; killed in between, labels are there twice, and count once.

    Raises:
        LakeError: They cannot be written.
    """
    files = label_files(lake, date)
    if len(files) > MAX_LABEL_FILES:
        merged = pl.concat([read_rows(file, REMAKE) for file in files])
        add_labels(lake, date, merged.sort("labelled_at").unique("label_key", keep="first"))
        mirror.delete(lake, files)
        for file in files:
            file.unlink()


def forget_labels(lake: Lake, kept: Collection[str]) -> None:
    """Delete the labels of all texts but these.

    Args:
        lake: Where they lie.
        kept: Ids of texts.

    Raises:
        LakeError: They cannot be written.
    """
    for path in label_files(lake):
        rows = read_rows(path, REMAKE)
        left = rows.filter(pl.col("text_id").is_in(list(kept)))
        if left.height == rows.height:
            continue
        if left.height:
            add_labels(lake, dt.date.fromisoformat(path.parent.name.removeprefix(DAY_FOLDER)), left)
        mirror.delete(lake, [path])
        path.unlink()
