"""Who may connect, what is said where somebody may not, and that no password is ever said."""

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from pydantic import SecretStr

from spotify_assets.storage.errors import FailureKind
from spotify_assets.warehouse.databases.errors import TargetError
from spotify_assets.warehouse.databases.layers import Layers
from spotify_assets.warehouse.databases.postgresql import session as sessions
from spotify_assets.warehouse.databases.postgresql.migrations import Structure
from spotify_assets.warehouse.databases.postgresql.publishing import publish
from spotify_assets.warehouse.databases.postgresql.session import Session, completed
from spotify_assets.warehouse.databases.postgresql.target import PostgreSQL
from spotify_assets.warehouse.databases.postgresql.verifying import verify
from spotify_assets_tests.warehouse.databases.conftest import Become
from spotify_assets_tests.warehouse.databases.postgresql.conftest import Ask
from spotify_assets_tests.warehouse.databases.postgresql.server import Server, certificate
from spotify_assets_tests.warehouse.databases.test_layers import GUIDE

PASSWORD = "s3cr€t p/w"  # noqa: S105 # pragma: allowlist secret
ESCAPED = "s3cr%E2%82%ACt%20p%2Fw"


@pytest.fixture
def roles(ask: Ask) -> Iterator[None]:
    """What the guide has an administrator run; roles are those of the whole server."""
    guide = GUIDE.read_text(encoding="utf-8")
    [sql] = re.findall(r"```sql\n(-- The role that publishes.*?)```", guide, re.S)
    for statement in filter(str.strip, sql.split(";")):
        ask(statement)
    yield
    for role in ("loader", "bi"):
        ask(f"DROP OWNED BY {role}")
        ask(f"DROP ROLE {role}")


def as_role(url: SecretStr, role: str) -> SecretStr:
    return SecretStr(url.get_secret_value().replace("//postgres:", f"//{role}:"))


@pytest.mark.usefixtures("roles")
@pytest.mark.slow
def test_the_role_of_the_guide_publishes_and_may_do_no_more(
    published: SecretStr, structure: Structure, database: Path, become: Become, ask: Ask
) -> None:
    loader = as_role(published, "loader")
    become("grown")
    assert publish(loader, structure, database).added["star.fact_track_daily"] == 2
    assert verify(loader, structure, database) == []
    ask("DELETE FROM gold.fact_play WHERE source_line = 3")
    assert publish(loader, structure, database, full_refresh=True).added["star.fact_play"] > 0
    assert verify(loader, structure, database) == []
    with Session(loader) as session, pytest.raises(TargetError, match=r"must be owner|permission"):
        session.execute("DROP TABLE gold.fact_play")
    # After an upgrade somebody has to help it.
    ask("UPDATE monitoring.target_migrations SET version = 'older'")
    with pytest.raises(TargetError, match="--print-ddl") as refused:
        publish(loader, structure, database)
    assert refused.value.kind is FailureKind.PERMANENT


@pytest.mark.usefixtures("roles")
def test_the_role_for_bi_reads_and_changes_nothing(published: SecretStr) -> None:
    with Session(as_role(published, "bi")) as session:
        days = "SELECT count(*) FROM gold.listening_by_day('2026-01-01', '2026-01-31')"
        assert session.value(days) == 31
        with pytest.raises(TargetError, match="permission denied"):
            session.execute("DELETE FROM gold.fact_play")


def test_what_print_ddl_prints_is_all_that_a_role_without_rights_needs(
    url: SecretStr, database: Path, ask: Ask, structure: Structure
) -> None:
    target = PostgreSQL(url, Layers(), "America/Sao_Paulo")
    script = target.statements()
    assert ask("SELECT to_regnamespace('gold')::text") == [(None,)]
    ask(script)
    assert target.statements() == "-- Nothing is missing.\n"
    assert target.publish(database).migration == []
    assert verify(url, structure, database) == []
    [(statements,)] = ask("SELECT statements FROM monitoring.target_migrations")
    assert all(f"{one};" in script for one in statements)


@pytest.mark.parametrize(
    ("url", "said", "kind"),
    [
        ("postgresql://u:{}@127.0.0.1:1/x", "port is open", FailureKind.RETRY),
        ("postgresql://u:{}@no-such-host.invalid/x", "cannot be reached", FailureKind.RETRY),
        ("postgresql://stranger:{}@127.0.0.1:{port}/postgres", "user and", FailureKind.PERMANENT),
        ("postgresql://postgres:{}@127.0.0.1:{port}/none", "create it", FailureKind.PERMANENT),
        (
            "postgresql://postgres:{}@127.0.0.1:{port}/postgres?sslmode=require",
            "without it everybody on the way reads along",
            FailureKind.PERMANENT,
        ),
        ("postgresql://u:{}@127.0.0.1:x/postgres", "invalid", FailureKind.PERMANENT),
        ("postgresql//u:{}@127.0.0.1/postgres", "write postgresql://", FailureKind.USAGE),
        ("postgresql://u:{}@[::1/postgres", "write postgresql://", FailureKind.USAGE),
        ("postgresql:///x?host=/none&password={}", "could not|cannot", FailureKind.RETRY),
        ("postgresql://postgres:{}@127.0.0.1/x?bogus={}", "bogus", FailureKind.PERMANENT),
    ],
)
def test_what_is_wrong_is_said_in_plain_words_without_the_password(
    server: Server, url: str, said: str, kind: FailureKind
) -> None:
    made = url.replace("{port}", str(server.port)).replace("{}", ESCAPED)
    with pytest.raises(TargetError, match=said) as refused:
        Session(SecretStr(made))
    assert refused.value.kind is kind
    assert PASSWORD not in str(refused.value)
    assert ESCAPED not in str(refused.value)


@pytest.mark.parametrize("password", ["s3c/ret", "s3c?ret", "s3c#ret", "s3c?r=e/t"])
def test_a_password_that_is_not_escaped_is_not_taken_for_another_part_and_shown(
    password: str,
) -> None:
    with pytest.raises(TargetError, match="write @ as %40") as refused:
        Session(SecretStr(f"postgresql://u:{password}@127.0.0.1:1/x"))
    assert "s3c" not in str(refused.value)
    assert "ret" not in str(refused.value)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ('connection to server at "10.0.28.123", port 54280 failed: timed out', FailureKind.RETRY),
        ('connection to server at "192.168.123.45" failed: No route to host', FailureKind.RETRY),
        ("FATAL: the database system is starting up", FailureKind.RETRY),
        ("FATAL: remaining connection slots are reserved", FailureKind.RETRY),
        ('FATAL: password authentication failed for user "u"', FailureKind.PERMANENT),
    ],
)
def test_what_may_pass_is_known_by_its_text_where_nobody_connected(
    said: str, kind: FailureKind
) -> None:
    """Addresses and ports in it are no SQLSTATE."""
    assert sessions._meaning("", said)[0] is kind


def test_a_connection_that_breaks_while_rows_come_is_said_in_plain_words(
    url: SecretStr, ask: Ask
) -> None:
    rows = "SELECT number, repeat('x', 1000) FROM generate_series(1, 300000) AS number"
    with Session(url) as session, duckdb.connect() as connection:
        [(pid,)] = session.rows("SELECT pg_backend_pid()")

        def fetch() -> None:
            with session.copy_out(rows) as found:
                ask(f"SELECT pg_terminate_backend({pid})")
                connection.register("found", found)
                connection.execute("CREATE TABLE kept AS FROM found")

        with pytest.raises(TargetError, match="the connection broke") as broken:
            fetch()
    assert broken.value.kind is FailureKind.RETRY


def test_a_target_to_which_nothing_was_published_is_told_what_to_do(
    url: SecretStr, structure: Structure, database: Path
) -> None:
    with pytest.raises(TargetError, match="nothing was published to it yet"):
        verify(url, structure, database)


def test_a_plus_in_a_url_is_a_plus() -> None:
    assert "password=a%2Bb" in completed("postgresql:///x?password=a+b")


def test_from_another_machine_tls_is_asked_for_unless_the_url_says_otherwise() -> None:
    assert "sslmode=require" in completed("postgresql://u:p@db.example.com/x")
    assert "sslmode=verify-full" in completed(
        "postgresql://u:p@db.example.com/x?sslmode=verify-full"
    )
    assert "sslmode" not in completed("postgresql://u:p@127.0.0.1/x")
    assert "sslmode" not in completed("postgresql:///x?host=/run/postgresql")


def test_an_older_server_is_refused(url: SecretStr, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "OLDEST", 99)
    # Settings that it does not know are not asked of it before.
    monkeypatch.setattr(sessions, "ALIVE", ("SELECT set_config('of_a_later_version', '1', false)",))
    with pytest.raises(TargetError, match=r"It is PostgreSQL \d+; 99 is the oldest"):
        Session(url)


def test_a_server_whose_certificate_nobody_vouches_for_is_refused(
    tls_server: Server, tmp_path: Path
) -> None:
    url = tls_server.url("postgres").get_secret_value()
    theirs, other = tls_server.folder / "server.crt", tmp_path / "other.crt"
    certificate(other, tmp_path / "other.key")

    def connect(root: Path, host: str = "127.0.0.1") -> None:
        made = f"{url.replace('127.0.0.1', host)}?sslmode=verify-full&sslrootcert={root}"
        with Session(SecretStr(made)) as session:
            assert session.value("SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()")

    connect(theirs)
    for root, host in ((other, "127.0.0.1"), (theirs, "localhost"), (tmp_path / "no", "127.0.0.1")):
        with pytest.raises(TargetError, match="certificate cannot be verified"):
            connect(root, host)


def test_no_log_of_the_server_has_the_rows_or_the_password(
    server: Server, published: SecretStr, structure: Structure, database: Path
) -> None:
    made = published.get_secret_value().replace("postgres:@", f"postgres:{ESCAPED}@")
    publish(SecretStr(made), structure, database, full_refresh=True)
    assert PASSWORD not in server.log
    assert ESCAPED not in server.log
