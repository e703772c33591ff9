"""Program: how long the imports of ``spotify-assets collect`` take, one library after another.

``python -m benchmarks.imports`` prints names, wall and CPU seconds as JSON. A library that an
earlier one has imported already counts there.
"""

import importlib
import json

from benchmarks.measuring import taking

GROUPS = {
    "DuckDB, Polars, Pandera": ("duckdb", "polars", "pandera.polars"),
    "Typer, Rich, Pydantic, spotipy": ("typer", "rich", "pydantic_settings", "spotipy"),
    "Ibis": ("ibis",),
    "Dagster": ("dagster", "dagster_duckdb"),
    "the project, with its queries made into SQL": (
        "spotify_assets.cli",
        "spotify_assets.defs.launch",
    ),
}


def main() -> None:
    """Import, and print what it took."""
    taken = []
    for name, modules in GROUPS.items():
        with taking() as cost:
            for module in modules:
                importlib.import_module(module)
        taken.append((name, cost.wall_s, cost.cpu_s))
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
