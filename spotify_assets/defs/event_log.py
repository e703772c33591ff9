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

BATCH_SIZE = "DAGSTER_EVENT_BATCH_SIZE"
MOST_AT_ONCE = 500
"""Events of a transaction, which takes about 1 s: the UI shows them when it ends."""
LOCK_PATIENCE_SECONDS = 60
MOST_ENGINES = 16
INDEX = "index"
"""The file that holds what is asked of all runs."""


class BatchedEventLog(SqliteEventLogStorage):
    """Dagster's event log in the same files and tables."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._engines: dict[str, Engine] = {}
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
        """Store all events, or none; they are of one run."""
        (run_id,) = {event.run_id for event in events}
        with self.run_connection(run_id) as of_run, self.index_connection() as of_all:
            self._batch.connections = {run_id: of_run, INDEX: of_all}
            try:
                for event in events:
                    self.store_event(event)
            finally:
                del self._batch.connections

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table; one that is there stays."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def run_connection(self, run_id: str | None = None) -> AbstractContextManager[Connection]:
        """A transaction on the events of a run, or the one that a batch is in."""
        return self._transaction(
            run_id or INDEX, lambda: super(BatchedEventLog, self).run_connection(run_id)
        )

    def index_connection(self) -> AbstractContextManager[Connection]:
        """A transaction on what is asked of all runs, or the one that a batch is in."""
        return self._transaction(INDEX, super().index_connection)

    @contextmanager
    def _transaction(
        self, shard: str, first: Callable[[], AbstractContextManager[Connection]]
    ) -> Iterator[Connection]:
        under_way: dict[str, Connection] = getattr(self._batch, "connections", {})
        if shard in under_way:
            yield under_way[shard]
        elif shard in self._engines:
            with self._engines[shard].begin() as connection:
                yield connection
        else:
            # Dagster makes the file and its tables when it opens it first.
            with first() as connection:
                yield connection
            self._keep_engine(shard)

    def _keep_engine(self, shard: str) -> None:
        if len(self._engines) >= MOST_ENGINES:
            self._engines = {}
        self._engines[shard] = create_engine(
            self.conn_string_for_shard(shard),
            connect_args={"timeout": LOCK_PATIENCE_SECONDS},
        )
