"""What is in PostgreSQL is what is in the DuckDB file: complete, incremental, never half done."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from pydantic import SecretStr

from spotify_assets.storage.errors import FailureKind
from spotify_assets.warehouse.databases.errors import TargetError
from spotify_assets.warehouse.databases.postgresql.migrations import Structure
from spotify_assets.warehouse.databases.postgresql.publishing import publish
from spotify_assets.warehouse.databases.postgresql.session import Session
from spotify_assets.warehouse.databases.postgresql.verifying import verify
from spotify_assets.warehouse.databases.targets import Sent
from spotify_assets_tests.warehouse.databases.conftest import Become
from spotify_assets_tests.warehouse.databases.postgresql.conftest import Ask


def in_file(database: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def edit_file(database: Path, sql: str) -> None:
    with duckdb.connect(database) as connection:
        connection.execute(sql)


def assert_same(structure: Structure, database: Path, ask: Ask) -> int:
    """Every table, row by row, by another driver; returns how many have rows."""
    filled = 0
    with duckdb.connect(database, read_only=True) as connection:
        for one in structure.tables:
            names = ", ".join(f'"{column.name}"' for column in one.columns)
            here = connection.execute(f"SELECT {names} FROM {one.source}").fetchall()
            there = ask(f'SELECT {names} FROM "{one.schema}"."{one.name}"')
            assert sorted(map(repr, there)) == sorted(map(repr, here)), one.source
            filled += bool(here)
    return filled


def test_every_table_has_the_rows_of_the_file(
    published: SecretStr, structure: Structure, database: Path, ask: Ask
) -> None:
    assert assert_same(structure, database, ask) > 25
    assert verify(published, structure, database) == []


def test_where_nothing_changed_nothing_is_sent(
    published: SecretStr, structure: Structure, database: Path, become: Become
) -> None:
    assert publish(published, structure, database) == Sent()
    # Another file of the same rows: they are compared, and not sent.
    become("first")
    assert publish(published, structure, database) == Sent()


def test_a_genre_day_more_sends_its_rows_and_leaves_the_others_untouched(
    published: SecretStr, structure: Structure, database: Path, ask: Ask, become: Become
) -> None:
    versions = "SELECT ctid::text, track_id FROM gold.fact_track_daily"
    before = ask(versions)
    become("grown")

    sent = publish(published, structure, database)

    assert set(before) < set(ask(versions))
    assert sent.added["star.fact_track_daily"] == 2
    assert sent.added["star.dim_track"] == 1
    assert sent.removed["star.dim_track"] == 0
    assert assert_same(structure, database, ask) > 25


def test_a_day_that_is_made_again_is_replaced(
    published: SecretStr, structure: Structure, database: Path, ask: Ask, become: Become
) -> None:
    """Names change, versions begin on other days, surrogates move between keys."""
    become("rewritten")
    publish(published, structure, database)
    assert_same(structure, database, ask)
    assert verify(published, structure, database) == []


def test_rows_that_the_file_has_no_more_go(
    published: SecretStr, structure: Structure, database: Path, ask: Ask
) -> None:
    edit_file(database, "DELETE FROM star.fact_track_daily WHERE date = '2026-11-17'")
    sent = publish(published, structure, database)
    assert sent.removed == {"star.fact_track_daily": 5}
    assert_same(structure, database, ask)


def test_a_text_keeps_everything_but_zero_bytes(
    published: SecretStr, structure: Structure, database: Path, ask: Ask
) -> None:
    """PostgreSQL holds none; what tab-separated files or SQL would trip over is just text."""
    name = "\t\\N\n'; DROP TABLE x; -- 🎵 \\. \u202e"
    edit_file(
        database, f"UPDATE star.dim_genre SET genre = chr(0) || $${name}$$ WHERE genre <> 'rock'"
    )
    edit_file(database, "UPDATE star.fact_track_daily SET genre = 'rock' WHERE genre <> 'rock'")
    edit_file(database, "UPDATE star.fact_artist_daily SET genre = 'rock' WHERE genre <> 'rock'")
    publish(published, structure, database)
    assert ask("SELECT genre FROM gold.dim_genre WHERE genre <> 'rock'") == [(name,)]
    assert verify(published, structure, database) == []


def test_rows_edited_by_hand_are_found_and_a_full_refresh_mends_them(
    published: SecretStr, structure: Structure, database: Path, ask: Ask
) -> None:
    ask("UPDATE gold.top_tracks SET name = 'edited' WHERE rank = 1 AND date = '2026-11-16'")
    ask("DELETE FROM gold.fact_play WHERE source_line = 3")
    ask("INSERT INTO gold.dim_genre (genre, days_collected) VALUES ('mine', 1)")
    # In a slice that the file never had.
    ask("INSERT INTO gold.top_artists (genre, date, rank) VALUES ('mine', '2001-01-01', 1)")

    found = {one.table: one for one in verify(published, structure, database)}

    counts = {table: (one.missing, one.extra) for table, one in found.items()}
    plays = len(in_file(database, "FROM star.fact_play WHERE source_line = 3"))
    assert counts == {
        "gold.top_tracks": (1, 1),
        "gold.fact_play": (plays, 0),
        "gold.dim_genre": (0, 1),
        "gold.top_artists": (0, 1),
    }
    assert "mine" in found["gold.dim_genre"].example
    # What the file has not changed, an ordinary publication does not look at.
    assert publish(published, structure, database) == Sent()
    publish(published, structure, database, full_refresh=True)
    assert verify(published, structure, database) == []
    assert_same(structure, database, ask)


def test_a_row_edited_by_hand_to_the_key_of_one_that_is_sent_ends_the_publication(
    published: SecretStr, structure: Structure, database: Path, ask: Ask
) -> None:
    """Else that row would be left out, and its slice noted as if it were there."""
    # Plays are compared month by month, and known by where they were read.
    ask("UPDATE gold.fact_play SET ended_at = '2001-01-01' WHERE source_line = 3")
    edit_file(database, "DELETE FROM star.fact_play WHERE source_line = 2")
    with pytest.raises(TargetError, match=r"(?s)--verify.*--full-refresh.*fact_play") as refused:
        publish(published, structure, database)
    assert refused.value.kind is FailureKind.PERMANENT
    assert ask("SELECT count(*) FROM monitoring.target_publications") == [(1,)]
    publish(published, structure, database, full_refresh=True)
    assert verify(published, structure, database) == []


def test_a_target_that_is_behind_is_looked_through_twice_a_table_not_once_a_slice(
    published: SecretStr, structure: Structure, database: Path, become: Become, ask: Ask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    looks: list[str] = []
    copy_out = Session.copy_out

    def counted(session: Session, sql: str) -> AbstractContextManager[pa.RecordBatchReader]:
        looks.append(sql)
        return copy_out(session, sql)

    monkeypatch.setattr(Session, "copy_out", counted)
    become("rewritten")
    behind = [one for one in verify(published, structure, database) if "top_tracks" in one.table]
    [table] = [one for one in structure.tables if one.source == "rankings.top_tracks"]
    names = ", ".join(one.name for one in table.columns)
    ranks = f"SELECT genre || '|' || CAST(date AS VARCHAR), {names} FROM "
    here = {(row[0], repr(row)) for row in in_file(database, f"{ranks} rankings.top_tracks")}
    there = {(row[0], repr(row)) for row in ask(f"{ranks} gold.top_tracks")}
    missing, extra = Counter(s for s, _ in here - there), Counter(s for s, _ in there - here)
    assert len(behind) > 3
    assert {one.slice: one.missing for one in behind} == {**dict.fromkeys(extra, 0), **missing}
    assert {one.slice: one.extra for one in behind} == {**dict.fromkeys(missing, 0), **extra}
    assert len([one for one in looks if "top_tracks" in one]) == 2


def test_what_breaks_off_leaves_the_old_state(
    published: SecretStr, structure: Structure, database: Path, ask: Ask, become: Become
) -> None:
    """A foreign key is looked at when all is sent: just before the commit."""
    before = ask("SELECT count(*) FROM gold.fact_track_daily")
    become("grown")
    edit_file(database, "DELETE FROM star.dim_genre WHERE genre = 'rock'")
    with pytest.raises(TargetError, match="fact_track_daily_genre_fkey"):
        publish(published, structure, database)
    assert ask("SELECT count(*) FROM gold.fact_track_daily") == before
    assert ask("SELECT count(*) FROM monitoring.target_publications") == [(1,)]


def test_a_target_that_lost_its_notes_is_compared_row_by_row(
    published: SecretStr, structure: Structure, database: Path, ask: Ask
) -> None:
    """Else what the file has no more would stay for ever."""
    ask("DROP TABLE monitoring.target_slices")
    ask("UPDATE monitoring.target_migrations SET version = 'older'")
    edit_file(database, "DELETE FROM star.fact_track_daily WHERE date = '2026-11-17'")
    sent = publish(published, structure, database)
    assert sent.removed["star.fact_track_daily"] == 5
    assert verify(published, structure, database) == []


def test_two_publishers_at_once_bring_one_state(
    url: SecretStr, structure: Structure, database: Path, ask: Ask
) -> None:
    """Both find an empty database; the second waits for the first, and then finds nothing to do."""
    [(name,)] = ask("SELECT current_database()")
    ask(f"ALTER DATABASE {name} SET default_transaction_isolation TO 'repeatable read'")
    with ThreadPoolExecutor(2) as pool:
        sent = [*pool.map(lambda _: publish(url, structure, database), range(2))]
    assert sorted(bool(one.slices) for one in sent) == [False, True]
    assert_same(structure, database, ask)


def test_a_file_of_another_version_is_not_published(
    published: SecretStr, structure: Structure, database: Path
) -> None:
    """After an upgrade, before the next publication."""
    edit_file(database, "ALTER TABLE monitoring.runs DROP COLUMN requests")
    with pytest.raises(TargetError, match=r"has no requests in monitoring.runs") as refused:
        publish(published, structure, database)
    assert refused.value.kind is FailureKind.RETRY
