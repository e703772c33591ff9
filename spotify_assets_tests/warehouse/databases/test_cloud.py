"""The scripts for BigQuery, Snowflake and Redshift, by the grammar of each.

No service is asked: what the grammar takes, a service may refuse. The guide says so.
"""

import re
from collections import Counter
from functools import cache
from pathlib import Path

import duckdb
import pytest
import sqlglot
from pydantic import SecretStr
from sqlglot import expressions as exp

from spotify_assets.storage.errors import FailureKind
from spotify_assets.warehouse.databases import cloud, targets
from spotify_assets.warehouse.databases.cloud import CloudWarehouse
from spotify_assets.warehouse.databases.errors import TargetError
from spotify_assets.warehouse.databases.layers import Layers
from spotify_assets.warehouse.databases.relations import relations

SERVICES = (cloud.BigQuery, cloud.Snowflake, cloud.Redshift)
TABLES = relations(Layers())


def target(service: type[CloudWarehouse], url: str = "") -> targets.Target:
    return targets.of(SecretStr(url or service.example), Layers(), "UTC")


@cache
def parsed(service: type[CloudWarehouse]) -> list[exp.Expr]:
    found = sqlglot.parse(target(service).statements(), read=service.scheme)
    return [one for one in found if one is not None]


@pytest.mark.parametrize("service", SERVICES)
def test_every_statement_is_of_its_grammar(service: type[CloudWarehouse]) -> None:
    kinds = Counter(type(one).__name__ for one in parsed(service))
    # What sqlglot does not know, it hands on as a command: DROP EXTERNAL TABLE.
    drops = "Command" if service is cloud.BigQuery else "Drop"
    assert set(kinds) <= {
        "Create",
        "Comment",
        "Copy",
        "Transaction",
        "Delete",
        "Merge",
        "Commit",
        drops,
    }
    assert kinds["Merge"] == len(TABLES)
    # Redshift's are no temporary tables: what a script that broke off left is in the way.
    assert kinds[drops] == len(TABLES) * (2 if service is cloud.Redshift else 1)
    assert kinds["Copy"] == (0 if service is cloud.BigQuery else len(TABLES))


@pytest.mark.parametrize("service", SERVICES)
def test_all_that_is_merged_is_one_transaction(service: type[CloudWarehouse]) -> None:
    """Statements that make tables would end one."""
    script = parsed(service)
    begin = next(n for n, one in enumerate(script) if isinstance(one, exp.Transaction))
    commit = next(n for n, one in enumerate(script) if isinstance(one, exp.Commit))
    inside = {type(one) for one in script[begin + 1 : commit]}
    outside = {type(one) for one in [*script[:begin], *script[commit + 1 :]]}
    assert inside <= {exp.Merge, exp.Delete}
    assert outside.isdisjoint({exp.Merge, exp.Delete})


@pytest.mark.parametrize("service", SERVICES)
def test_each_table_has_its_columns_its_key_and_every_comment(
    service: type[CloudWarehouse],
) -> None:
    script = target(service).statements()
    creates = [
        one
        for one in parsed(service)
        if isinstance(one, exp.Create) and one.find(exp.PrimaryKey) and one.kind == "TABLE"
    ]
    made = {one.find(exp.Table).name.lower(): one for one in creates}  # type: ignore[union-attr]
    assert set(made) == {one.name for one in TABLES}
    for one in TABLES:
        columns = [column.name.lower() for column in made[one.name].find_all(exp.ColumnDef)]
        assert columns == [column.name for column in one.columns]
        key = made[one.name].find(exp.PrimaryKey)
        assert key is not None
        assert [name.name.lower() for name in key.expressions] == [*one.key]
    comments = script.count("description = ") if service is cloud.BigQuery else None
    comments = comments or len(re.findall(r"\bCOMMENT\b", script))
    assert comments == len(TABLES) + sum(len(one.columns) for one in TABLES)


@pytest.mark.parametrize("service", SERVICES)
def test_a_table_is_loaded_from_the_file_that_export_writes(
    service: type[CloudWarehouse],
) -> None:
    files = service.example.partition("files=")[2].partition("&")[0]
    script = target(service).statements()
    for one in TABLES:
        assert script.count(f"'{files}/{one.source.replace('.', '/')}.parquet'") == 1


def test_the_merges_bring_what_was_loaded_and_take_what_is_gone() -> None:
    """Redshift's statements mean the same in DuckDB, which runs them here."""
    service = target(cloud.Redshift)
    assert isinstance(service, cloud.Redshift)
    [genres] = [one for one in TABLES if one.source == "star.dim_genre"]
    staged = service.table(genres, cloud.STAGED)
    with duckdb.connect() as connection:
        connection.execute('CREATE SCHEMA "gold"')
        [create] = [sql for sql in service.create(genres) if sql.startswith("CREATE")]
        connection.execute(create)
        connection.execute(f"CREATE TABLE {staged} AS FROM gold.dim_genre")
        day = "DATE '2026-11-16'"
        for genre, days in (("gone", 1), ("same", 1), ("changed", 1)):
            connection.execute(
                f"INSERT INTO gold.dim_genre VALUES ('{genre}', {day}, {day}, {days})"
            )
        for genre, days in (("same", 1), ("changed", 2), ("new", 1)):
            connection.execute(f"INSERT INTO {staged} VALUES ('{genre}', {day}, {day}, {days})")
        for statement in service.merge(genres):
            connection.execute(statement)
        found = connection.execute("SELECT genre, days_collected FROM gold.dim_genre ORDER BY 1")
        assert found.fetchall() == [("changed", 2), ("new", 1), ("same", 1)]


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_is_run_there_and_what_is_missing_is_said(
    service: type[CloudWarehouse], tmp_path: Path
) -> None:
    with pytest.raises(TargetError, match="--dry-run") as refused:
        target(service).publish(tmp_path)
    assert refused.value.kind is FailureKind.USAGE
    with pytest.raises(TargetError, match="lacks files"):
        target(service, f"{service.scheme}://place").statements()
