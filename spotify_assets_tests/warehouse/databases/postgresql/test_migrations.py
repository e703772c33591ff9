"""Tables follow the contracts: in place where nothing is lost, and by name where something would.

A database that is as older contracts made it is made here by hand, from one that is as they are.
"""

from pathlib import Path

import pytest
from pydantic import SecretStr

from spotify_assets.warehouse.databases.errors import ChangeRefused
from spotify_assets.warehouse.databases.layers import Layers
from spotify_assets.warehouse.databases.postgresql.migrations import Structure
from spotify_assets.warehouse.databases.postgresql.publishing import publish
from spotify_assets.warehouse.databases.postgresql.verifying import verify
from spotify_assets_tests.warehouse.databases.conftest import Become
from spotify_assets_tests.warehouse.databases.postgresql.conftest import Ask


@pytest.fixture
def before(published: SecretStr, ask: Ask) -> SecretStr:
    """Published by contracts of another version."""
    ask("UPDATE monitoring.target_migrations SET version = 'older'")
    return published


def test_a_migration_is_recorded_with_its_statements(
    published: SecretStr, structure: Structure, ask: Ask
) -> None:
    [(number, version, is_of_this_server, statements)] = ask(
        "SELECT number, version, applied_at BETWEEN timezone('UTC', pg_postmaster_start_time()) "
        "AND timezone('UTC', now()), statements FROM monitoring.target_migrations"
    )
    assert (number, version) == (1, structure.version)
    assert is_of_this_server
    assert any(one.startswith('CREATE TABLE "gold"."fact_play"') for one in statements)


def test_a_new_column_is_added_and_a_type_is_widened(
    before: SecretStr, structure: Structure, database: Path, ask: Ask
) -> None:
    ask("ALTER TABLE silver.artists DROP COLUMN followers")
    ask("DROP VIEW gold.artist_daily")
    ask("ALTER TABLE gold.fact_artist_daily ALTER COLUMN followers TYPE integer")
    ask("DROP INDEX gold.fact_track_daily_track_id_idx")

    sent = publish(before, structure, database)

    changes = [one for one in sent.migration if one.startswith(("ALTER", "CREATE INDEX"))]
    assert changes == [
        'ALTER TABLE "silver"."artists" ADD COLUMN "followers" bigint',
        'ALTER TABLE "gold"."fact_artist_daily" ALTER COLUMN "followers" TYPE bigint',
        'CREATE INDEX "fact_track_daily_track_id_idx" ON "gold"."fact_track_daily" ("track_id")',
    ]
    assert ask("SELECT max(number) FROM monitoring.target_migrations") == [(2,)]


def test_what_cannot_be_done_in_place_is_named_and_done_by_a_full_refresh(
    before: SecretStr, structure: Structure, database: Path, ask: Ask
) -> None:
    ask("ALTER TABLE gold.dim_album ALTER COLUMN total_tracks TYPE text")
    ask("ALTER TABLE gold.dim_genre ADD COLUMN mood text")
    ask("ALTER TABLE silver.polls DROP CONSTRAINT polls_pkey")
    ask("ALTER TABLE silver.polls ADD CONSTRAINT polls_pkey PRIMARY KEY (polled_at)")

    with pytest.raises(ChangeRefused) as refused:
        publish(before, structure, database)

    for named in (
        "gold.dim_album.total_tracks is text and becomes integer",
        "gold.dim_genre.mood is in no contract any more",
        "the key of silver.polls was (polled_at)",
        "--full-refresh",
    ):
        assert named in str(refused.value)
    publish(before, structure, database, full_refresh=True)
    assert verify(before, structure, database) == []
    [(keys,)] = ask("SELECT count(*) FROM pg_constraint WHERE contype = 'f'")
    assert keys == sum(len(one.foreign_keys) for one in structure.tables)


def test_a_view_of_the_users_own_in_the_way_is_named(
    before: SecretStr, structure: Structure, database: Path, ask: Ask
) -> None:
    ask("DROP VIEW gold.artist_daily")
    ask("ALTER TABLE gold.fact_artist_daily ALTER COLUMN followers TYPE integer")
    ask("CREATE VIEW public.loved AS SELECT followers FROM gold.fact_artist_daily")
    with pytest.raises(ChangeRefused, match="of your own, drop it"):
        publish(before, structure, database)
    assert ask("SELECT count(*) FROM public.loved") != [(0,)]


def test_an_answer_with_other_columns_is_made_again_by_a_full_refresh(
    before: SecretStr, structure: Structure, database: Path, ask: Ask
) -> None:
    ask("DROP VIEW gold.track_daily")
    ask("CREATE VIEW gold.track_daily AS SELECT 1 AS mood")
    with pytest.raises(ChangeRefused, match="publish with --full-refresh"):
        publish(before, structure, database)
    publish(before, structure, database, full_refresh=True)
    assert ask("SELECT count(track_id) FROM gold.track_daily") != [(0,)]


def test_a_full_refresh_of_rows_alone_leaves_views_on_the_answers(
    published: SecretStr, structure: Structure, database: Path, ask: Ask
) -> None:
    ask("CREATE VIEW public.loved AS SELECT track_id FROM gold.track_daily")
    publish(published, structure, database, full_refresh=True)
    assert ask("SELECT count(*) FROM public.loved") != [(0,)]


def test_keys_indexes_and_answers_that_left_the_contracts_go_and_the_users_own_stay(
    published: SecretStr, structure: Structure, database: Path, ask: Ask, become: Become
) -> None:
    ask("CREATE TABLE gold.dim_mood (genre text PRIMARY KEY)")
    ask("INSERT INTO gold.dim_mood SELECT genre FROM gold.dim_genre")
    ask("ALTER TABLE gold.fact_artist_daily DROP CONSTRAINT fact_artist_daily_genre_fkey")
    older = [
        # It went to another table, and one that is there no more would fail each publication.
        'ALTER TABLE "gold"."fact_artist_daily" ADD CONSTRAINT "fact_artist_daily_genre_fkey" '
        'FOREIGN KEY ("genre") REFERENCES "gold"."dim_mood" ("genre") DEFERRABLE',
        'ALTER TABLE "gold"."dim_album" ADD CONSTRAINT "dim_album_name_fkey" '
        'FOREIGN KEY ("name") REFERENCES "gold"."dim_mood" ("genre") NOT VALID',
        'CREATE INDEX "fact_play_platform_idx" ON "gold"."fact_play" ("platform")',
        # Another version of an answer, and one that is there no more.
        'CREATE OR REPLACE FUNCTION "gold"."artists_as_of"(n integer, kinds text[] DEFAULT '
        "ARRAY['a', 'b']) RETURNS integer LANGUAGE sql AS $$ SELECT n $$",
        'CREATE OR REPLACE VIEW "gold"."moods" AS SELECT "gold"."artists_as_of"(1)',
    ]
    for statement in older:
        ask(statement)
    note = "UPDATE monitoring.target_migrations SET version = 'older', statements = statements || "
    ask(f"{note}%s::text[]", older)
    ask("CREATE INDEX my_own ON gold.fact_play (country)")
    ask("CREATE FUNCTION gold.artists_as_of(mine text) RETURNS text LANGUAGE sql AS 'SELECT mine'")

    sent = publish(published, structure, database)

    assert [one for one in sent.migration if one.startswith(("DROP", "ALTER"))] == [
        'DROP VIEW IF EXISTS "gold"."moods"',
        'DROP FUNCTION IF EXISTS "gold"."artists_as_of"(n integer, kinds text[])',
        'ALTER TABLE "gold"."fact_artist_daily" DROP CONSTRAINT "fact_artist_daily_genre_fkey"',
        'ALTER TABLE "gold"."dim_album" DROP CONSTRAINT "dim_album_name_fkey"',
        'DROP INDEX "gold"."fact_play_platform_idx"',
        'ALTER TABLE "gold"."fact_artist_daily" ADD CONSTRAINT "fact_artist_daily_genre_fkey" '
        'FOREIGN KEY ("genre") REFERENCES "gold"."dim_genre" ("genre") '
        "DEFERRABLE INITIALLY DEFERRED",
    ]
    left = ask("SELECT pg_get_function_arguments(oid) FROM pg_proc WHERE proname = 'artists_as_of'")
    assert sorted(left) == [("mine text",), ("on_date date",)]
    assert ask("SELECT to_regclass('gold.my_own')::text") == [("gold.my_own",)]
    become("rewritten")
    publish(published, structure, database)
    assert verify(published, structure, database) == []
    # What went is noted, and is not taken away once more.
    ask("UPDATE monitoring.target_migrations SET version = 'older'")
    again = publish(published, structure, database)
    assert not [one for one in again.migration if one.startswith(("DROP", "ALTER"))]


def test_answers_whose_arguments_changed_do_not_stand_in_the_way_of_a_full_refresh(
    before: SecretStr, structure: Structure, database: Path, ask: Ask
) -> None:
    """By its name alone no function that is there twice can be dropped."""
    ask("CREATE FUNCTION gold.artists_as_of(mine text) RETURNS text LANGUAGE sql AS 'SELECT mine'")
    publish(before, structure, database, full_refresh=True)
    assert ask("SELECT gold.artists_as_of('mine'::text)") == [("mine",)]


def test_tables_in_schemas_of_before_are_named_and_dropped_by_a_full_refresh(
    published: SecretStr, database: Path, ask: Ask, become: Become
) -> None:
    moved = Structure.of(Layers.read("*=analytics"), "America/Sao_Paulo")
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = %s"
    [(count,)] = ask(tables, "gold")
    ask("CREATE TABLE gold.my_own (x int)")

    sent = publish(published, moved, database)

    assert len(sent.left) == count
    assert "gold.fact_play" in sent.left
    assert "`publish-to --full-refresh` drops them" in str(sent)
    assert ask(tables, "analytics") == [(count,)]
    # No foreign key goes to a table of before, whose rows are as they were.
    become("rewritten")
    assert publish(published, moved, database).left == []
    assert verify(published, moved, database) == []
    publish(published, moved, database, full_refresh=True)
    assert ask("SELECT tablename FROM pg_tables WHERE schemaname = 'gold'") == [("my_own",)]
    assert publish(published, moved, database, full_refresh=True).migration == []


def test_what_somebody_took_away_is_made_again_by_a_full_refresh(
    published: SecretStr, structure: Structure, database: Path, ask: Ask
) -> None:
    ask("DROP VIEW gold.track_daily")
    ask("DROP INDEX gold.fact_track_daily_track_id_idx")
    ask("DROP TABLE monitoring.runs")
    sent = publish(published, structure, database, full_refresh=True)
    made = "\n".join(sent.migration)
    assert 'CREATE OR REPLACE VIEW "gold"."track_daily"' in made
    assert 'CREATE INDEX "fact_track_daily_track_id_idx"' in made
    assert 'CREATE TABLE "monitoring"."runs"' in made
    assert verify(published, structure, database) == []
