"""Readers that ask for whole states, again and again, in processes of their own."""

import hashlib
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.sharedctypes import Synchronized
from typing import Any

TABLES = (
    "gold.fact_track_daily",
    "gold.dim_track",
    "gold.dim_date",
    "gold.bridge_track_artist",
    "silver.tracks",
    "gold.top_tracks",
    "monitoring.partitions",
)
FORK = multiprocessing.get_context("fork")


def state(connection: Any, pause: float = 0) -> str:
    """What several tables are in one transaction, as a hash."""
    seen = hashlib.sha256()
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for table in TABLES:
            rows = connection.execute(f"SELECT t::text FROM {table} AS t ORDER BY 1").fetchall()
            seen.update(repr(rows).encode())
            time.sleep(pause)
    return seen.hexdigest()


class Watched:
    """What the readers saw."""

    def __init__(self) -> None:
        self.reads: Synchronized[int] = FORK.Value("q", 0)
        self.halves: Synchronized[int] = FORK.Value("q", 0)
        self.is_over = FORK.Event()


def _read(url: str, whole: frozenset[str], watched: Watched, pause: float) -> None:
    import psycopg  # noqa: PLC0415

    while not watched.is_over.is_set():
        try:
            with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
                while not watched.is_over.is_set():
                    is_whole = state(connection, pause) in whole
                    with watched.reads.get_lock():
                        watched.reads.value += 1
                        watched.halves.value += not is_whole
        except psycopg.OperationalError:
            # A killed backend takes the whole server down for a moment.
            time.sleep(0.1)


@contextmanager
def reading(url: str, whole: set[str], readers: int, pause: float = 0.005) -> Iterator[Watched]:
    """Readers beside the body; each state that they see should be one of ``whole``."""
    watched = Watched()
    processes = [
        FORK.Process(target=_read, args=(url, frozenset(whole), watched, pause))
        for _ in range(readers)
    ]
    for one in processes:
        one.start()
    try:
        yield watched
    finally:
        watched.is_over.set()
        for one in processes:
            one.join(20)
            one.kill()
