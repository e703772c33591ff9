"""Shapes: where a response departs from the one that its endpoint has."""

import json
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spotify_assets.transforms.catalog.shapes import (
    ARTIST,
    CONTAINERS,
    ENDPOINTS,
    OBJECTS,
    TRACK,
    VALUE,
    Shape,
    duckdb_type,
    json_structure,
    mismatches,
)
from spotify_assets_tests.transforms.music import album, artist, found, track

SCALARS = st.one_of(st.booleans(), st.integers(), st.text(max_size=5))
ANYTHING = st.recursive(
    st.one_of(st.none(), SCALARS, st.floats(allow_nan=False)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)

FEW = settings(suppress_health_check=[HealthCheck.too_slow])


def of_shape(shape: Shape) -> st.SearchStrategy[Any]:
    """Values of a shape: any key may be absent or null, and others may be there."""
    if isinstance(shape, str):
        return ANYTHING
    if isinstance(shape, list):
        return st.none() | st.lists(of_shape(shape[0]), max_size=2)
    fields = {name: of_shape(inner) for name, inner in shape.items()}
    return st.none() | st.fixed_dictionaries({}, optional={**fields, "unknown": ANYTHING})


@FEW
@given(of_shape(TRACK))
def test_what_has_the_shape_has_no_mismatch(value: Any) -> None:
    assert list(mismatches(value, TRACK)) == []


@FEW
@given(of_shape({"items": [ARTIST]}), SCALARS)
def test_a_scalar_for_an_object_is_found_wherever_it_is(value: Any, scalar: Any) -> None:
    items = (value or {}).get("items") or []
    corrupted = {"items": [*items, scalar]}
    said = f"expected an object, got {json.dumps(scalar, ensure_ascii=False)[:80]}"
    assert list(mismatches(corrupted, {"items": [ARTIST]})) == [(f"/items/{len(items)}", said)]


@FEW
@given(ANYTHING)
def test_any_json_at_all_can_be_looked_at(value: Any) -> None:
    for endpoint in ENDPOINTS.values():
        for pointer, problem in mismatches(value, endpoint):
            assert pointer == "" or pointer.startswith("/")
            assert "expected" in problem


@pytest.mark.parametrize(
    ("body", "pointer", "problem"),
    [
        ([], "", "expected an object, got []"),
        ({"tracks": 5}, "", "tracks: expected an object, got 5"),
        (found(tracks={}), "", "items: expected a list, got {}"),
        (found(tracks=[track(1, album=5)]), "/tracks/items/0", "album: expected an object, got 5"),
        (
            found(tracks=[track(1, album=album(1, artists=5))]),
            "/tracks/items/0/album",
            "artists: expected a list, got 5",
        ),
        (
            found(tracks=[track(1, album=album(1, artists=[5]))]),
            "/tracks/items/0/album/artists/0",
            "expected an object, got 5",
        ),
        (
            found(artists=[artist(1), artist(2, followers=[5])]),
            "/artists/items/1",
            "followers: expected an object, got [5]",
        ),
        (found(artists=["ã" * 500]), "/artists/items/0", f'expected an object, got "{"ã" * 79}'),
    ],
)
def test_a_mismatch_names_the_object_that_it_spoils(
    body: object, pointer: str, problem: str
) -> None:
    assert list(mismatches(body, ENDPOINTS["search"])) == [(pointer, problem)]


def test_several_mismatches_are_all_found() -> None:
    body = found(tracks=[5, track(1), "x"], artists=[None, []])
    assert [pointer for pointer, _ in mismatches(body, ENDPOINTS["search"])] == [
        "/tracks/items/0",
        "/tracks/items/2",
        "/artists/items/1",
    ]


def test_a_single_object_is_the_response_itself() -> None:
    assert list(mismatches(artist(1, followers=5), ENDPOINTS["artist"])) == [
        ("", "followers: expected an object, got 5")
    ]


def test_an_unknown_endpoint_has_no_shape() -> None:
    assert list(mismatches({"tracks": 5}, VALUE)) == []


def test_a_shape_is_a_type_and_a_structure_to_duckdb() -> None:
    shape: Shape = {"id": "VARCHAR", "artists": [{"name": VALUE}]}
    assert duckdb_type(shape) == 'STRUCT("id" VARCHAR, "artists" STRUCT("name" JSON)[])'
    assert json.loads(json_structure(shape)) == {"id": "VARCHAR", "artists": [{"name": "JSON"}]}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_both_ways_of_reading_give_the_same_type(endpoint: str) -> None:
    shape = ENDPOINTS[endpoint]
    loose = f"json_transform('{{}}', '{json_structure(shape)}')"
    with duckdb.connect() as connection:
        (strict, read) = connection.sql(
            f"SELECT typeof(CAST(NULL AS {duckdb_type(shape)})), typeof({loose})"
        ).fetchall()[0]
    assert strict == read


@pytest.mark.parametrize("container", CONTAINERS, ids=lambda c: f"{c.endpoint}, {c.kind}")
def test_every_container_is_where_the_shape_of_its_endpoint_says(container: Any) -> None:
    shape = ENDPOINTS[container.endpoint]
    for step in container.list_path:
        assert isinstance(shape, dict)
        shape = shape[step]
    if not container.is_single:
        assert isinstance(shape, list)
        shape = shape[0]
    wanted = OBJECTS[container.kind]
    assert isinstance(wanted, dict)
    assert isinstance(shape, dict)
    for one in [shape[name] for name in container.inner] or [shape]:
        assert isinstance(one, dict)
        assert one.items() >= wanted.items()


def test_every_endpoint_has_a_container() -> None:
    assert {container.endpoint for container in CONTAINERS} == set(ENDPOINTS)
