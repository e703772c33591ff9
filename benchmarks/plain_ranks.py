"""Program: what ours finds in the lake and the peers make: rankings and facts of genre-days.

``python -m benchmarks.plain_ranks <database>`` prints wall and CPU seconds as JSON. It makes them
of all genre-days at once, by the project's own queries, from the tables that ``plain_duckdb`` has
loaded; when genre-days are collected, each makes its own.
"""

import json
import sys

import duckdb

from benchmarks.measuring import taking
from spotify_assets.transforms.expressions import OF_A_GENRE_DAY, sql

MADE = {contract: sql(contract) for contract in OF_A_GENRE_DAY}


def main() -> None:
    """Make them beside those of the lake, and print what it took."""
    with taking() as cost, duckdb.connect(sys.argv[1]) as connection:
        connection.execute("CREATE SCHEMA ranked")
        for contract, query in MADE.items():
            connection.execute(f'CREATE TABLE ranked."{contract.table()}" AS {query}')
        connection.execute("CHECKPOINT")
    print(json.dumps([cost.wall_s, cost.cpu_s]))


if __name__ == "__main__":
    main()
