"""Program: another peer of ``rebuild``: the same rankings and star tables by dbt-duckdb.

``python -m benchmarks.plain_dbt <lake> <folder>`` writes a dbt project into the folder: a model for
each processed table that is read, loaded from its files, and one for each ranking and star table,
with the project's own queries. `dbt run` makes them with two threads in a DuckDB file beside it.
Prints as JSON the cost of the whole run, with the start of dbt, and the seconds of each phase; or
why there is no dbt. Nothing is checked.

dbt is no dependency of the project: `uv tool run` installs it in an environment of its own.
"""

import json
import os
import re
import shutil
import sys
from datetime import datetime
from pathlib import Path
from textwrap import shorten

from benchmarks.measuring import BenchmarkError, Finished, run
from benchmarks.plain_duckdb import SETTINGS
from spotify_assets.schemas import TABLES, Contract
from spotify_assets.transforms.expressions import OF_A_GENRE_DAY, OF_ALL_DAYS, inputs, sql
from spotify_assets.warehouse.tables import quoted

# dbt-core 1.12 needs a file from GitHub to install; 1.11 comes from the package index alone.
PINNED = {"dbt-core": "1.11.16", "dbt-duckdb": "1.11.1", "duckdb": "1.5.5"}
VERSIONS = f"dbt-core {PINNED['dbt-core']}, dbt-duckdb {PINNED['dbt-duckdb']}"
THREADS = 2
ENVIRONMENT = {"UV_PYTHON_DOWNLOADS": "never", "DO_NOT_TRACK": "1"}
PROJECT = {
    "name": "peer",
    "profile": "peer",
    "model-paths": ["models"],
    "macro-paths": ["macros"],
    "models": {"+materialized": "table"},
    "flags": {"send_anonymous_usage_stats": False, "use_colors_file": False},
}
# dbt would put the name of the profile's schema before that of each model.
SCHEMA_NAMES = (
    "{% macro generate_schema_name(custom_schema_name, node) %}{{ custom_schema_name }}"
    "{% endmacro %}\n"
)
RANKED = {contract.table() for contract in OF_A_GENRE_DAY}
LOADED = sorted(
    {name for contract in (*OF_A_GENRE_DAY, *OF_ALL_DAYS) for name in inputs(contract)}
    - RANKED
    - {contract.table() for contract in OF_ALL_DAYS}
)
"""The tables of the lake that the models begin with, as `layer.table`."""


def main() -> None:
    """Write the project, run it, and print what it took."""
    lake, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    try:
        # The first run of a version downloads it: that is not measured.
        _dbt("--version", folder=Path.cwd())
    except BenchmarkError as error:
        print(json.dumps({"missing": f"not installed: {_last_words(str(error))}"}))
        return
    write(folder, lake)
    try:
        finished = _dbt("run", folder=folder)
    except BenchmarkError as error:
        print(json.dumps({"missing": f"failed: {_why(folder / 'logs' / 'dbt.log', error)}"}))
        return
    cost = finished.cost
    took = {"wall_s": cost.wall_s, "cpu_s": cost.cpu_s, "peak_bytes": cost.peak_bytes}
    print(json.dumps({**took, "phases": _phases(folder / "target" / "run_results.json")}))


def write(folder: Path, lake: Path) -> None:
    """Write the project, its profile, and a model for each table."""
    for name in ("models", "macros"):
        (folder / name).mkdir(parents=True)
    # YAML takes JSON.
    (folder / "dbt_project.yml").write_text(json.dumps(PROJECT))
    (folder / "profiles.yml").write_text(json.dumps(_profile(folder / "peer.duckdb")))
    (folder / "macros" / "generate_schema_name.sql").write_text(SCHEMA_NAMES)
    for name in LOADED:
        files = lake.joinpath(*name.split("."), "*", "*", "*.parquet")
        query = f"SELECT * FROM read_parquet('{files}', hive_partitioning = false)"
        _write_model(folder, "load", name, name, query)
    for contract in OF_A_GENRE_DAY:
        _write_model(folder, "rank", contract.table(), contract.table(), _of_models(contract))
    for contract in OF_ALL_DAYS:
        made = contract.table()
        if made in RANKED:
            # Those of genre-days, which those of all days are made of, have their names.
            made = f"made.{made.partition('.')[2]}"
        _write_model(folder, "make", made, made, _of_models(contract))


def _profile(database: Path) -> dict[str, object]:
    settings = {name: value.strip("'") for name, value in SETTINGS.items()}
    output = {"type": "duckdb", "path": str(database), "threads": THREADS, "settings": settings}
    return {"peer": {"target": "bench", "outputs": {"bench": output}}}


def _write_model(folder: Path, tag: str, name: str, relation: str, query: str) -> None:
    schema, _, alias = relation.partition(".")
    config = f"{{{{ config(schema='{schema}', alias='{alias}', tags=['{tag}']) }}}}"
    (folder / "models" / f"{_model(name)}.sql").write_text(f"{config}\n{query}\n")


def _of_models(contract: type[Contract]) -> str:
    """The query of a table, each table that it reads being a model."""
    query = sql(contract)
    for name in inputs(contract):
        query = query.replace(quoted(TABLES[name]), f"{{{{ ref('{_model(name)}') }}}}")
    return query


def _model(table: str) -> str:
    return table.replace(".", "__")


def _dbt(*arguments: str, folder: Path) -> Finished:
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if uv is None:
        raise BenchmarkError("there is no uv on the path.")
    core, *others = (f"{name}=={version}" for name, version in PINNED.items())
    extra = [word for one in others for word in ("--with", one)]
    tool = [uv, "tool", "run", "--python", sys.executable, "--from", core, *extra, "dbt"]
    return run([*tool, *arguments], cwd=folder, environment=ENVIRONMENT)


def _phases(results: Path) -> dict[str, float]:
    """Seconds from the first model to the last that loads, and from there to the last of all.

    What loads no longer waits for anything; of the others some may be made before all is loaded.
    """
    begun, loaded, ended = [], [], []
    for result in json.loads(results.read_text())["results"]:
        executed = next(one for one in result["timing"] if one["name"] == "execute")
        begun.append(datetime.fromisoformat(executed["started_at"]))
        ended.append(datetime.fromisoformat(executed["completed_at"]))
        if result["unique_id"].rpartition(".")[2] in set(map(_model, LOADED)):
            loaded.append(ended[-1])
    return {
        "load": (max(loaded) - min(begun)).total_seconds(),
        "make": (max(ended) - max(loaded)).total_seconds(),
    }


def _why(log: Path, error: BenchmarkError) -> str:
    """What dbt says of its failure: in its log alone, if it came so far as to write one."""
    found = re.search(r"\w+ Error\b.*", log.read_text(), re.DOTALL) if log.exists() else None
    return shorten(found[0], 200) if found else _last_words(str(error))


def _last_words(said: str) -> str:
    """Without the command, if there is more."""
    command, _, errors = said.strip().partition("\n")
    return shorten(errors or command, 200)


if __name__ == "__main__":
    main()
