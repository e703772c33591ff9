"""Where Dagster keeps its events: its own SQLite files, opened and written more sparingly.

A run over a month of genre-days stores thousands of materializations. Dagster's SQLite storage sets
up a database engine and opens two files for each of them, which costs more than all our own work.
Here the engines stay, and what Dagster hands over as a batch (where ``DAGSTER_EVENT_BATCH_SIZE`` is
set) is one transaction.

Belongs here: how events reach their files. Does not belong here: what an event is, and how it is
read.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Self

import dagster as dg

# The one name that Dagster keeps for those who configure this storage in `dagster.yaml`.
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy import Connection, Engine, create_engine

from spotify_assets.defs.monitoring import unrecorded

BATCH_SIZE = "DAGSTER_EVENT_BATCH_SIZE"
MAX_AT_ONCE = 500
"""Events of a transaction, which takes about 1 s: the UI shows them when it ends."""
LOCK_PATIENCE_SECONDS = 60
MAX_ENGINES = 16
INDEX = "index"
"""The file that holds what is asked of all runs."""


class BatchedEventLog(SqliteEventLogStorage):
    """Dagster's event log in the same files and tables."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._engines: dict[str, Engine] = {}
        """The oldest first; the webserver reads them from several threads."""
        self._changing = threading.Lock()
        self._tables: set[str] = set()
        # Of a thread: another's events are no part of this one's transaction.
        self._batch = threading.local()
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> Any:
        """``base_dir``, which is below DAGSTER_HOME where it is not set."""
        return {"base_dir": dg.Field(dg.StringSource, is_required=False)}

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> Self:
        """The storage that ``dagster.yaml`` describes."""
        default = Path(os.environ["DAGSTER_HOME"]) / "history" / "runs"
        return cls(config_value.get("base_dir", str(default)), inst_data)

    def store_event_batch(self, events: Sequence[dg.EventLogEntry]) -> None:
        """Store all events, or none; they are of one run.

        A kill just between the two commits leaves them in the index alone: what was made counts as
        made, and only the page of the run lacks it.
        """
        (run_id,) = {event.run_id for event in events}
        with (
            unrecorded.noting(run_id),
            self.run_connection(run_id) as of_run,
            self.index_connection() as of_all,
        ):
            self._batch.connections = {run_id: of_run, INDEX: of_all}
            try:
                for event in events:
                    self.store_event(event)
            finally:
                del self._batch.connections

    def store_event(self, event: dg.EventLogEntry) -> None:
        """Store one event; where the disk is full, a note of it is left for its run."""
        with unrecorded.noting(event.run_id):
            super().store_event(event)

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table; one that is there stays."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def run_connection(self, run_id: str | None = None) -> AbstractContextManager[Connection]:
        """A transaction on the events of a run, or the one that a batch is in."""
        # Events of no run have the empty id, and a file of their own.
        shard = INDEX if run_id is None else run_id
        return self._transaction(shard, lambda: super(BatchedEventLog, self).run_connection(shard))

    def index_connection(self) -> AbstractContextManager[Connection]:
        """A transaction on what is asked of all runs, or the one that a batch is in."""
        return self._transaction(INDEX, super().index_connection)

    def wipe(self) -> None:
        """Forget all events, and the files of the runs with them."""
        self._close_engines()
        super().wipe()

    def dispose(self) -> None:
        """Close what is open."""
        super().dispose()
        self._close_engines()

    @contextmanager
    def _transaction(
        self, shard: str, first: Callable[[], AbstractContextManager[Connection]]
    ) -> Iterator[Connection]:
        under_way: dict[str, Connection] = getattr(self._batch, "connections", {})
        if shard in under_way:
            yield under_way[shard]
            return
        engine = self._engines.get(shard)
        if engine is None:
            # Dagster makes the file and its tables when it opens it first. It holds a lock for as
            # long as that is open, and a batch opens two.
            with first():
                engine = self._keep_engine(shard)
        with engine.begin() as connection:
            yield connection

    def _keep_engine(self, shard: str) -> Engine:
        engine = create_engine(
            self.conn_string_for_shard(shard),
            connect_args={"timeout": LOCK_PATIENCE_SECONDS},
        )
        with self._changing:
            if len(self._engines) >= MAX_ENGINES:
                # Who is in a transaction keeps the connection until its end.
                oldest = next(one for one in self._engines if one != INDEX)
                self._engines.pop(oldest).dispose()
            return self._engines.setdefault(shard, engine)

    def _close_engines(self) -> None:
        with self._changing:
            engines, self._engines = self._engines, {}
        for engine in engines.values():
            engine.dispose()
