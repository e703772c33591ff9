"""The macros and views that answer what people ask of their listening, made in the DuckDB file.

Belongs here: making them. Does not belong here: what they say; each is an SQL file of `answers/`,
whose first comment says what it answers, of which grain, for which parameters.
"""

from importlib import resources
from itertools import takewhile

import duckdb

from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets.warehouse.tables import literal

SQL = resources.files(__package__)
ANSWERS = (
    "listening.time_zone",
    "listening.local_time",
    "listening.day_start",
    "listening.previous_from",
    "listening.is_skip",
    "listening.play_class",
    "listening.coverage_of_two",
    "listening.coverage_of",
    "listening.utc_days",
    "listening.plays_between",
    "listening.local_plays_between",
    "listening.coverage_by_day",
    "listening.coverage_by_month",
    "listening.coverage_between",
    "star.plays",
    "star.fact_recently_played",
    "listening.ranking_key",
    "listening.ranking",
    "listening.top",
    "listening.top_tracks",
    "listening.top_artists",
    "listening.top_albums",
    "listening.by_day",
    "listening.by_hour",
    "listening.by_weekday",
    "listening.sessions",
    "listening.streaks_between",
    "listening.streaks",
    "listening.discovery",
    "listening.skip_rate",
    "listening.on_this_day",
    "listening.year_in_review",
    "star.track_daily",
    "star.artist_daily",
    "star.artists_as_of",
    "star.tracks_as_of",
    "rankings.top_tracks_as_of",
    "rankings.top_artists_as_of",
)
"""In this order: DuckDB looks up what a macro uses when it is made."""


def definitions() -> list[str]:
    """The SQL of all macros and views, in order."""
    return [SQL.joinpath(f"{name}.sql").read_text(encoding="utf-8") for name in ANSWERS]


def create_answers(connection: duckdb.DuckDBPyConnection, time_zone: str) -> None:
    """Make all macros and views anew, with their comments.

    Args:
        connection: To a file whose tables are there: all that are asked.
        time_zone: IANA name of the listener's time zone, e.g. ``America/Sao_Paulo``.

    Raises:
        WarehouseError: There is no such time zone.
    """
    known = "SELECT 1 FROM pg_timezone_names() WHERE name = ?"
    if connection.execute(known, [time_zone]).fetchone() is None:
        raise WarehouseError(
            f"{time_zone!r} is no time zone. Set one by its IANA name, e.g. 'America/Sao_Paulo'."
        )
    for schema in dict.fromkeys(name.partition(".")[0] for name in ANSWERS):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    for name, text in zip(ANSWERS, definitions(), strict=True):
        # DDL takes no parameters.
        connection.execute(text.replace("$time_zone", literal(time_zone)))
        what = f"{_kind(text)} {name}"
        connection.execute(f"COMMENT ON {what} IS {literal(_comment(text))}")
        if _kind(text) == "VIEW":
            _describe_columns(connection, name, text)


def _describe_columns(connection: duckdb.DuckDBPyConnection, view: str, sql: str) -> None:
    """Give each column of a view the comment of the first table of its SQL that has the column.

    Columns that only the view has stay without.
    """
    schema, _, name = view.partition(".")
    described = connection.execute(
        """
        WITH known AS (
            SELECT *, schema_name || '.' || table_name AS full_name
            FROM duckdb_columns()
            WHERE database_name = current_database()
        )
        SELECT made.column_name, arg_min(source.comment, strpos($sql, source.full_name))
        FROM known AS made
        JOIN known AS source USING (column_name)
        WHERE
            made.schema_name = $schema
            AND made.table_name = $name
            AND source.comment IS NOT NULL
            AND regexp_matches($sql, '\\b' || regexp_escape(source.full_name) || '\\b')
        GROUP BY made.column_name
        """,
        {"sql": sql, "schema": schema, "name": name},
    ).fetchall()
    for column, comment in described:
        connection.execute(f'COMMENT ON COLUMN {view}."{column}" IS {literal(comment)}')


def _kind(sql: str) -> str:
    if "CREATE OR REPLACE VIEW" in sql:
        return "VIEW"
    return "MACRO TABLE" if "AS TABLE" in sql else "MACRO"


def _comment(sql: str) -> str:
    """The comment at the head of the file, as one paragraph."""
    lines = takewhile(lambda line: line.startswith("--"), sql.splitlines())
    return " ".join(line.removeprefix("--").strip() for line in lines)
