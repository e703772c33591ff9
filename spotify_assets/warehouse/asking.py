"""What may be asked of the warehouse in SQL: one query, which reads the warehouse alone.

Belongs here: refusing everything else, in words that help. Does not belong here: the connection,
which refuses it by itself (``reading``).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from spotify_assets.warehouse.inventory import WrongRequest

ALONE = (
    "A query reads the warehouse and nothing else: no other file or database, no address, no "
    "extension, no setting. `spotify-assets export` writes what it gives into a file."
)


def one_query(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """The query that ``sql`` is, without a semicolon at its end.

    Raises:
        WrongRequest: It is none, or more than one, or DuckDB does not take it.
    """
    with refusing():
        statements = connection.extract_statements(sql)
        # What DuckDB itself makes of one statement, as of a PIVOT, has no text of its own.
        is_one = len(statements) == 1 or not any(statement.query for statement in statements)
        kinds = [statement.type for statement in statements]
        if not is_one or kinds[-1:] != [duckdb.StatementType.SELECT]:
            raise WrongRequest(f"That is not one query. {ALONE}")
        query = (statements[0].query or sql).strip().rstrip(";")
        connection.sql(query)
    return query


@contextmanager
def refusing() -> Iterator[None]:
    """Where DuckDB refuses what the body asks, say why and what to do.

    Raises:
        WrongRequest: It does.
    """
    try:
        yield
    except duckdb.PermissionException as error:
        raise WrongRequest(f"DuckDB refuses that: {error}. {ALONE}") from error
    except duckdb.Error as error:
        raise WrongRequest(f"DuckDB does not take that query: {error}") from error
