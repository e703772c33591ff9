"""Single files: safely on the disk, compressed, and known by their hash.

Belongs here: what holds for any file. Does not belong here: where a file lies and what is in it.
"""

import hashlib
import os
from pathlib import Path

import polars as pl
import zstandard

from spotify_assets.lake.errors import DamagedFile


def write_parquet(frame: pl.DataFrame, path: Path) -> None:
    """Write a Parquet file.

    Raises:
        OSError: As for any file; Polars itself calls a full disk an error of computing.
    """
    try:
        frame.write_parquet(path, compression="zstd", compression_level=1)
    except pl.exceptions.ComputeError as error:
        raise OSError(str(error)) from error


def read_rows(path: Path, remedy: str) -> pl.DataFrame:
    """The rows of a Parquet file of the lake, without columns made of its path.

    Args:
        path: The file.
        remedy: What to do if it is damaged, as sentences.

    Raises:
        DamagedFile: It is not as it was written.
        FileNotFoundError: It is not there.
    """
    try:
        return pl.read_parquet(path, hive_partitioning=False)
    except FileNotFoundError:
        raise
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DamagedFile(path, "written", remedy) from error


def compress(source: Path, target: Path) -> int:
    """Compress a file with Zstandard; the target is on the disk then. Returns the bytes read.

    Raises:
        OSError: One cannot be read, or the other written.
    """
    compressor = zstandard.ZstdCompressor(level=3, write_checksum=True)
    with source.open("rb") as reader, target.open("wb") as writer:
        size = reader.seek(0, os.SEEK_END)
        reader.seek(0)
        compressor.copy_stream(reader, writer, size=size)
        writer.flush()
        os.fsync(writer.fileno())
    return size


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
