"""What all assets have alike: an owner, tags, links to the code and to the data dictionary.

Belongs here: what is applied once, where the definitions are put together.
Does not belong here: what one table or one materialization shows (`assets.metadata`).
"""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

import dagster as dg

import spotify_assets
from spotify_assets.defs.checks import asset_key
from spotify_assets.schemas import (
    COMMENTS,
    DERIVED,
    LAKE,
    LAKE_ONLY,
    LISTENING,
    PREDICTIONS,
    RELEASES,
    Contract,
)
from spotify_assets.transforms.expressions import OF_A_GENRE_DAY, OF_ALL_DAYS

OWNER = "team:spotify-assets"
"""Who mends an asset: those who maintain this project."""
CODE = "dagster/code_references"
DICTIONARY = "docs/tables.md"
PROJECT = Path(spotify_assets.__file__).parents[1]
"""The checkout; of an installed package, the folder that it is installed in."""
TABLES: tuple[type[Contract], ...] = (
    *(*LAKE.values(), *DERIVED, *LISTENING),
    *(*RELEASES, *PREDICTIONS, *COMMENTS, *LAKE_ONLY),
)
CONTRACTS = {asset_key(contract): contract for contract in TABLES}


def labelled(
    assets: Iterable[dg.AssetsDefinition], policies: Callable[[dg.AssetSpec], dg.AssetSpec]
) -> list[dg.AssetsDefinition]:
    """The same assets with what all have alike; what an asset says itself is kept."""
    return [_with_all(asset, policies) for asset in assets]


def _with_all(
    asset: dg.AssetsDefinition, policies: Callable[[dg.AssetSpec], dg.AssetSpec]
) -> dg.AssetsDefinition:
    code = _code(asset)
    # In one step: each makes all of Dagster's objects of an asset again.
    return asset.map_asset_specs(lambda spec: policies(_labelled(spec, code)))


def section(table: str) -> str:
    """Where the data dictionary has ``layer.table``; the anchor is as GitHub makes it."""
    return f"{DICTIONARY}#{re.sub(r'[^a-z0-9_-]', '', table)}"


def _labelled(spec: dg.AssetSpec, code: dg.LocalFileCodeReference) -> dg.AssetSpec:
    contract = CONTRACTS.get(spec.key)
    references = [code, *(_references(contract) if contract else ())]
    spec = spec.merge_attributes(
        owners=[OWNER],
        tags={"layer": spec.key.path[0]},
        metadata={CODE: dg.CodeReferencesMetadataValue(code_references=references)},
    )
    if contract is None:
        return spec
    return spec.merge_attributes(
        tags={"grain": _grain(contract)},
        metadata={"data dictionary": section(contract.table())},
    )


def _code(asset: dg.AssetsDefinition) -> dg.LocalFileCodeReference:
    """Where it is computed: Dagster's own would name the decorator that fails by kind."""
    function = inspect.unwrap(cast(Any, asset.op.compute_fn).decorated_fn)
    number = function.__code__.co_firstlineno
    return dg.LocalFileCodeReference(file_path=inspect.getfile(function), line_number=number)


def _grain(contract: type[Contract]) -> str:
    """``genre-day`` where each has rows of its own, else what the key is made of."""
    key = contract.key()
    return "genre-day" if key[:2] == ("genre", "date") else "-".join(key)


def _references(contract: type[Contract]) -> Iterator[dg.LocalFileCodeReference]:
    """The contract, the query and, in a checkout, the section of the data dictionary."""
    yield _reference(Path(inspect.getfile(contract)), f"class {contract.__name__}(", "contract")
    if query := {**OF_A_GENRE_DAY, **OF_ALL_DAYS}.get(contract):
        yield _reference(Path(inspect.getfile(query)), f"def {query.__name__}(", "query")
    dictionary = PROJECT / DICTIONARY
    if dictionary.exists():
        yield _reference(dictionary, f"### {contract.table()}", "data dictionary")


def _reference(file: Path, begins: str, label: str) -> dg.LocalFileCodeReference:
    # A section that is not written yet is no reason not to load.
    number = _lines(file).get(begins)
    return dg.LocalFileCodeReference(file_path=str(file), line_number=number, label=label)


@cache
def _lines(file: Path) -> dict[str, int]:
    """The line on which each class, function and section of a file begins."""
    numbers: dict[str, int] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith(("class ", "def ", "### ")):
            name, bracket, _ = line.partition("(")
            numbers.setdefault(name + bracket, number)
    return numbers
