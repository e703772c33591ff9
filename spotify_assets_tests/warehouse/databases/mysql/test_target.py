"""What is in MySQL or MariaDB is what is in the DuckDB file, whole or not at all."""

import contextlib
import json
import os
import random
import re
import shutil
import socketserver
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest
from pydantic import SecretStr

from spotify_assets.storage.errors import FailureKind
from spotify_assets.warehouse.databases import targets
from spotify_assets.warehouse.databases.errors import ChangeRefused, TargetError
from spotify_assets.warehouse.databases.layers import Layers
from spotify_assets.warehouse.databases.mysql import ddl
from spotify_assets.warehouse.databases.mysql.target import MySQL
from spotify_assets.warehouse.databases.relations import relations
from spotify_assets.warehouse.databases.state import STATE
from spotify_assets.warehouse.databases.targets import Sent
from spotify_assets_tests.warehouse.databases.conftest import Become
from spotify_assets_tests.warehouse.databases.mysql.conftest import Ask
from spotify_assets_tests.warehouse.databases.postgresql.readers import FORK
from spotify_assets_tests.warehouse.databases.postgresql.server import certificate


@pytest.fixture
def target(url: SecretStr) -> MySQL:
    found = targets.of(url, Layers(), "UTC")
    assert isinstance(found, MySQL)
    return found


@pytest.fixture
def published(target: MySQL, database: Path) -> MySQL:
    target.publish(database)
    return target


def assert_same(target: MySQL, database: Path, ask: Ask) -> None:
    """Every table, row by row, as the driver gives it."""
    filled = 0
    for one in target.tables:
        names = ", ".join(f"`{column.name}`" for column in one.columns)
        there = ask(f"SELECT {names} FROM `{one.schema}`.`{one.name}`")
        with duckdb.connect(database, read_only=True) as connection:
            here = connection.execute(f"SELECT {names.replace('`', chr(34))} FROM {one.source}")
            rows = [
                tuple(json.dumps(v, ensure_ascii=False) if isinstance(v, list) else v for v in row)
                for row in here.fetchall()
            ]
        # A boolean is a number there.
        plain = [tuple(int(v) if isinstance(v, bool) else v for v in row) for row in rows]
        assert sorted(map(repr, there)) == sorted(map(repr, plain)), one.source
        filled += bool(rows)
    assert filled > 25


def test_every_table_has_the_rows_of_the_file_and_again_nothing_is_sent(
    published: MySQL, database: Path, ask: Ask
) -> None:
    assert_same(published, database, ask)
    assert published.verify(database) == []
    assert published.publish(database) == Sent()
    assert published.statements() == ""


def test_what_changed_is_sent_and_no_more(
    published: MySQL, database: Path, become: Become, ask: Ask
) -> None:
    become("grown")
    sent = published.publish(database)
    assert sent.added["star.fact_track_daily"] == 2
    assert sent.removed["star.fact_track_daily"] == 0
    assert_same(published, database, ask)
    become("rewritten")
    published.publish(database)
    assert_same(published, database, ask)
    assert published.verify(database) == []


def test_rows_edited_by_hand_are_found_and_mended(
    published: MySQL, database: Path, ask: Ask
) -> None:
    ask("UPDATE gold.top_tracks SET name = 'edited ' WHERE `rank` = 1 AND date = '2026-11-16'")
    ask("DELETE FROM gold.play_coverage WHERE date = '2026-01-05'")
    # In a slice that the file never had.
    ask("INSERT INTO gold.top_artists (genre, date, `rank`) VALUES ('mine', '2001-01-01', 1)")
    counts = {one.table: (one.missing, one.extra) for one in published.verify(database)}
    assert counts == {
        "gold.top_tracks": (1, 1),
        "gold.play_coverage": (1, 0),
        "gold.top_artists": (0, 1),
    }
    published.publish(database, full_refresh=True)
    assert published.verify(database) == []


def test_a_row_edited_by_hand_to_the_key_of_one_that_is_sent_ends_the_publication(
    published: MySQL, database: Path, ask: Ask
) -> None:
    """Else that row would be left out, and its slice noted as if it were there."""
    # Plays are compared month by month, and known by where they were read.
    ask("UPDATE gold.fact_play SET ended_at = '2001-01-01' WHERE source_line = 3")
    with duckdb.connect(database) as connection:
        connection.execute("DELETE FROM star.fact_play WHERE source_line = 2")
    with pytest.raises(TargetError, match=r"(?s)--verify.*--full-refresh.*fact_play") as refused:
        published.publish(database)
    assert refused.value.kind is FailureKind.PERMANENT
    assert [*ask("SELECT count(*) FROM monitoring.target_publications")] == [(1,)]
    published.publish(database, full_refresh=True)
    assert published.verify(database) == []


def test_tables_have_keys_comments_and_references(published: MySQL, ask: Ask) -> None:
    [(_, made)] = ask("SHOW CREATE TABLE gold.fact_track_daily")
    assert "PRIMARY KEY (`genre`,`date`,`track_id`)" in made
    assert "REFERENCES `dim_track` (`track_key`)" in made
    assert "COMMENT 'Spotify id of the track.'" in made
    assert ask("SELECT count(*) FROM monitoring.target_migrations") == [(1,)]


def test_no_comment_is_cut() -> None:
    for one in relations(Layers()):
        assert len(one.comment) <= ddl.MAX_TABLE_COMMENT
        assert all(len(c.description) <= ddl.MAX_COLUMN_COMMENT for c in one.columns)


def test_tables_follow_the_contracts_or_say_why_not(
    published: MySQL, database: Path, ask: Ask
) -> None:
    ask("ALTER TABLE silver.artists DROP COLUMN followers")
    assert [sql[:46] for sql in published.publish(database).migration] == [
        'ALTER TABLE "silver"."artists" ADD COLUMN "fol'
    ]
    ask("ALTER TABLE gold.dim_album MODIFY total_tracks longtext")
    with pytest.raises(ChangeRefused, match="total_tracks is longtext and becomes int"):
        published.publish(database)
    published.publish(database, full_refresh=True)
    assert published.verify(database) == []


def test_what_refers_to_nothing_is_not_published(
    published: MySQL, database: Path, become: Become, ask: Ask
) -> None:
    become("grown")
    with duckdb.connect(database) as connection:
        connection.execute("DELETE FROM star.dim_genre WHERE genre = 'rock'")
    before = ask("SELECT count(*) FROM gold.fact_track_daily")
    with pytest.raises(TargetError, match=r"refer by genre to none of gold.dim_genre"):
        published.publish(database)
    assert ask("SELECT count(*) FROM gold.fact_track_daily") == before


def test_two_publishers_at_once_bring_one_state(target: MySQL, database: Path, ask: Ask) -> None:
    with ThreadPoolExecutor(2) as pool:
        sent = [*pool.map(lambda _: target.publish(database), range(2))]
    assert sorted(bool(one.slices) for one in sent) == [False, True]
    assert_same(target, database, ask)


def test_a_killed_publisher_leaves_a_whole_state(
    published: MySQL, database: Path, become: Become, ask: Ask
) -> None:
    states = set()
    began = time.perf_counter()
    for state in ("first", "grown", "rewritten"):
        become(state)
        published.publish(database)
        states.add(seen(ask))
    seconds = (time.perf_counter() - began) / 3
    draw = random.Random(1)  # noqa: S311
    for number in range(6):
        become(("first", "grown", "rewritten")[number % 3])
        publisher = FORK.Process(target=attempt, args=(published, database))
        publisher.start()
        time.sleep(draw.uniform(0, seconds))
        publisher.kill()
        publisher.join()
        assert seen(ask) in states
    published.publish(database)
    assert published.verify(database) == []


def attempt(target: MySQL, database: Path) -> None:
    try:
        target.publish(database)
    except TargetError:
        os._exit(1)


def seen(ask: Ask) -> str:
    tables = ("gold.fact_track_daily", "gold.dim_track", "gold.dim_date", "silver.tracks")
    return repr([sorted(ask(f"SELECT * FROM {table}")) for table in tables])


def test_errors_are_plain_and_without_the_password() -> None:
    nobody = MySQL(SecretStr("mysql://root:s3cret@127.0.0.1:1/"), Layers(), "UTC")
    with pytest.raises(TargetError, match="its port is open") as refused:
        nobody.statements()
    assert refused.value.kind is FailureKind.RETRY
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("password", ["s3c/ret", "s3c?ret", "s3c#ret", "s3c:[ret"])
def test_a_password_that_is_not_escaped_is_not_shown_in_part(password: str) -> None:
    wrong = MySQL(SecretStr(f"mysql://root:{password}@127.0.0.1:1/"), Layers(), "UTC")
    with pytest.raises(TargetError, match=r"write @ as %40|its port is open") as refused:
        wrong.statements()
    assert "s3c" not in str(refused.value)
    assert "ret" not in str(refused.value)


def test_no_key_is_longer_than_innodb_has_it() -> None:
    """3072 bytes, four for a character."""
    for one in [*relations(Layers()), *relations(Layers(), STATE)]:
        kinds = ddl.types(one)
        texts = [re.fullmatch(r"varchar\((\d+)\)", kinds[name]) for name in one.key]
        size = sum(4 * int(text[1]) + 2 if text else 8 for text in texts)
        assert size <= 3072, one.source


@pytest.fixture
def greeter(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """Greets as a MySQL server does and speaks TLS, by a certificate of its own: port and file."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    file, key = tmp_path / "server.crt", tmp_path / "server.key"
    certificate(file, key)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file, key)

    class Greet(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            # Protocol, version, connection, salt, what it can (TLS, long passwords), character set.
            said = b"\x0a8.0.0\0" + struct.pack(
                "<I8sxHBHHB10x", 1, b"saltsalt", 0xFFFF, 45, 2, 8, 21
            )
            said += b"saltsaltsalt\0mysql_native_password\0"
            self.request.sendall(struct.pack("<I", len(said)) + said)
            self.request.recv(36)
            with contextlib.suppress(OSError):
                tls.wrap_socket(self.request, server_side=True)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Greet) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        yield int(server.server_address[1]), file
        server.shutdown()


def test_a_certificate_that_nobody_vouches_for_is_not_a_server_that_is_down(
    greeter: tuple[int, Path], tmp_path: Path
) -> None:
    """That may pass and is tried again; this stays until somebody changes it."""
    port, theirs = greeter
    other = tmp_path / "other.crt"
    certificate(other, tmp_path / "other.key")
    for host, file in (("127.0.0.1", other), ("localhost", theirs)):
        url = SecretStr(f"mysql://u:s3cret@{host}:{port}/?ssl_ca={file}")
        with pytest.raises(TargetError, match="certificate cannot be verified") as refused:
            MySQL(url, Layers(), "UTC").statements()
        assert refused.value.kind is FailureKind.PERMANENT
    url = SecretStr(f"mysql://u:s3cret@127.0.0.1:{port}/?ssl_ca={tmp_path / 'no'}")
    with pytest.raises(TargetError, match="ssl_ca in SPOTIFY_PUBLISH_URL cannot be read"):
        MySQL(url, Layers(), "UTC").statements()
