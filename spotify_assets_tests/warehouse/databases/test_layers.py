"""Each layer goes to a schema, by one rule; the guide says the same."""

import re
from pathlib import Path

import pytest

import spotify_assets
from spotify_assets.schemas import WAREHOUSE
from spotify_assets.warehouse.databases.errors import TargetError
from spotify_assets.warehouse.databases.layers import Layers
from spotify_assets.warehouse.databases.postgresql import answers, ddl
from spotify_assets.warehouse.databases.relations import relations
from spotify_assets.warehouse.databases.state import STATE

GUIDE = Path(spotify_assets.__file__).parents[1] / "docs" / "databases.md"


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("processed.plays", ("silver", "plays")),
        ("quarantine.plays", ("silver", "quarantine_plays")),
        ("star.fact_play", ("gold", "fact_play")),
        ("rankings.top_tracks", ("gold", "top_tracks")),
        ("listening.top_tracks", ("gold", "listening_top_tracks")),
        ("monitoring.runs", ("monitoring", "runs")),
        ("of_a_later_version.table", ("gold", "table")),
    ],
)
def test_a_layer_has_its_schema(name: str, place: tuple[str, str]) -> None:
    assert Layers().place(name) == place


def test_a_setting_moves_layers_and_leaves_the_others() -> None:
    layers = Layers.read("processed = raw, *=analytics,")
    moved = ["processed.tracks", "quarantine.rows", "star.dim_date", "monitoring.runs"]
    assert [layers.schema(one.partition(".")[0]) for one in moved] == [
        *("raw", "silver", "analytics", "monitoring")
    ]
    for wrong in ("processed", "=gold", "star="):
        with pytest.raises(ValueError, match="layer=schema"):
            Layers.read(wrong)


def test_two_tables_of_one_name_are_refused() -> None:
    """All tables fit into one schema today; two layers with the same name in it would not."""
    one_schema = Layers.read("processed=x,quarantine=x,monitoring=x,*=x")
    assert len(relations(one_schema)) == len(WAREHOUSE)
    with pytest.raises(TargetError, match=r"star.plays and processed.plays would both be x.plays"):
        Layers.read("processed=x,*=x").places(["star.plays", "processed.plays"])


def test_no_name_is_longer_than_postgresql_has_it() -> None:
    """It would cut it, and find it missing again and again."""
    every = [*relations(Layers()), *relations(Layers(), STATE)]
    names = [
        name
        for one in every
        for names in (ddl.keys(one), ddl.indexes(one), ddl.foreign_keys(one), [one.name])
        for name in names
    ]
    assert max(len(name.encode()) for name in names) <= 63
    assert len(set(names)) == len(names)


def test_the_guide_lists_the_answers_that_are_there() -> None:
    _, _, said = GUIDE.read_text(encoding="utf-8").partition("## Answers")
    there, _, only_in_duckdb = said.partition("Only in the DuckDB file")
    named = re.compile(r"`([a-z_]+\.[a-z_]+)`")
    places = {".".join(Layers().place(name)) for name in answers.translated()}
    assert set(named.findall(there)) == places
    assert set(named.findall(only_in_duckdb)) == {*answers.only_in_duckdb()}
