"""What BI tools see of the tables, by SQLAlchemy's reflection: keys, comments, the star."""

import pytest
from pydantic import SecretStr

from spotify_assets.warehouse.databases.postgresql.migrations import Structure

sqlalchemy = pytest.importorskip("sqlalchemy", reason="pip install sqlalchemy")


def test_reflection_sees_every_key_and_comment_and_draws_the_star(
    published: SecretStr, structure: Structure
) -> None:
    engine = sqlalchemy.create_engine(
        published.get_secret_value().replace("postgresql:", "postgresql+psycopg:")
    )
    seen = sqlalchemy.MetaData()
    for schema in ("silver", "gold", "monitoring"):
        seen.reflect(engine, schema=schema)
    engine.dispose()

    for one in structure.relations:
        table = seen.tables[f"{one.schema}.{one.name}"]
        assert tuple(column.name for column in table.primary_key) == one.key
        assert table.comment == one.comment
        assert {c.name: c.comment for c in table.columns} == {
            c.name: c.description for c in one.columns
        }
    star = {
        (key.parent.table.name, key.parent.name, key.target_fullname)
        for key in (key for t in seen.tables.values() for key in t.foreign_keys)
    }
    assert {
        ("fact_track_daily", "track_key", "gold.dim_track.track_key"),
        ("fact_track_daily", "genre", "gold.dim_genre.genre"),
        ("fact_track_daily", "date", "gold.dim_date.date"),
        ("fact_artist_daily", "artist_key", "gold.dim_artist.artist_key"),
        ("dim_track", "album_id", "gold.dim_album.album_id"),
        ("bridge_track_artist", "track_key", "gold.dim_track.track_key"),
        ("fact_play", "item_key", "gold.dim_item.item_key"),
    } <= star
