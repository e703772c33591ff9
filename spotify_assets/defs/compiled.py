"""The SQL and the column lineage of the tables that are expressions, kept between processes.

Each run is a process, and would spend two seconds of processor time on importing Ibis and compiling
the same expressions. So they are kept in the user's cache folder, by the hash of the code that they
are made from. The folder may be deleted at any time.

Belongs here: keeping them. Does not belong here: compiling (``transforms.expressions``), the
analysis of a query (``metadata.lineage``).
"""

import hashlib
import json
import logging
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_cache_path

from spotify_assets import schemas, transforms
from spotify_assets.defs.metadata import lineage
from spotify_assets.defs.metadata.lineage import Origin
from spotify_assets.schemas import Contract
from spotify_assets.transforms import expressions

log = logging.getLogger(__name__)
COMPILERS = ("ibis-framework", "sqlglot")
FILE = "queries.json"


class Compiled(NamedTuple):
    """What one expression comes to."""

    sql: str
    sql_of_some: str
    origins: dict[str, list[Origin]]
    """For each column, the columns that it is made from; see `lineage.origins`."""


def compiled(contract: type[Contract]) -> Compiled:
    """The query of a table that is an expression; compiled with all others, once."""
    return _all(user_cache_path("spotify-assets") / FILE)[contract.__name__]


@cache
def _all(path: Path) -> dict[str, Compiled]:
    # By the contract's name: the lake's ranking and the published one are two of one table.
    code = _hash()
    kept = _read(path, code)
    if kept is None:
        kept = _compile()
        _write(path, code, kept)
    return kept


def _compile() -> dict[str, Compiled]:
    return {
        contract.__name__: Compiled(
            expressions.sql(contract),
            expressions.sql_of_some(contract),
            lineage.origins(contract),
        )
        for contract in (*expressions.OF_A_GENRE_DAY, *expressions.OF_ALL_DAYS)
    }


def _hash() -> str:
    """Of all code that a query can depend on."""
    told = hashlib.sha256(repr([version(name) for name in COMPILERS]).encode())
    for package in (schemas, transforms):
        (folder,) = map(Path, package.__path__)
        for file in sorted(folder.rglob("*.py")):
            told.update(file.read_bytes())
    told.update(Path(lineage.__file__).read_bytes())
    return told.hexdigest()


def _read(path: Path, code: str) -> dict[str, Compiled] | None:
    """What is kept of this code; ``None`` if it is of other code, damaged or not there."""
    try:
        kept = json.loads(path.read_bytes())
        if kept["code"] != code:
            return None
        return {
            name: Compiled(sql, some, {column: [*map(tuple, of)] for column, of in origins})
            for name, (sql, some, origins) in kept["queries"].items()
        }
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.info("%s is not used: %s", path, error)
        return None


def _write(path: Path, code: str, queries: dict[str, Compiled]) -> None:
    """Keep them; where that cannot be done, the next process compiles again."""
    told = {
        name: (one.sql, one.sql_of_some, list(one.origins.items())) for name, one in queries.items()
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Others may read or write it at this moment: it is there whole, or as it was.
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as scratch:
            json.dump({"code": code, "queries": told}, scratch)
        Path(scratch.name).replace(path)
    except OSError as error:
        log.info("%s cannot be kept: %s", path, error)
