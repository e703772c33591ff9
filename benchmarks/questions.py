"""The twenty questions of docs/answers.sql on a large warehouse; also a program.

``python -m benchmarks.questions <database> <runs>`` prints as JSON, for each question, the median
seconds from the query to its last row, with two threads and after one run unmeasured.
"""

import json
import statistics
import sys
from pathlib import Path

import duckdb
from rich.table import Table

from benchmarks.measuring import call, run, taking
from benchmarks.reporting import caption, say, table, verdict
from spotify_assets.schemas.examples import by_question

QUESTIONS = Path(__file__).parents[1] / "docs" / "answers.sql"
THREADS = 2
TARGET_MS = 300


def listened(data: Path, plays: int) -> None:
    """Import a history of so many plays, so that the questions of listening have something."""
    exports = data / "exports"
    ours = [sys.executable, "-m", "spotify_assets"]
    environment = {"SPOTIFY_ASSETS_DATA_DIR": str(data)}
    run([*ours, "sample-history", str(exports), "--plays", str(plays)], environment=environment)
    run([*ours, "import", str(exports)], cwd=data, environment=environment)


def asked(database: Path, runs: int) -> Table:
    """Each question, and the slowest against the target."""
    say("questions: asking each")
    medians, _ = call("questions", database, runs)
    shown = table(f"the twenty answers (medians of {runs}, {THREADS} threads)", "", "ms")
    for question, seconds in medians.items():
        shown.add_row(question, f"{seconds * 1000:.0f}")
    slowest = max(medians.values()) * 1000
    met = slowest < TARGET_MS
    return caption(
        shown, [verdict("the slowest", f"{slowest:.0f} ms", f"< {TARGET_MS} ms", is_met=met)]
    )


def main() -> None:
    """Ask, and print what it took."""
    database, runs = sys.argv[1], int(sys.argv[2])
    medians = {}
    with duckdb.connect(database, read_only=True, config={"threads": THREADS}) as connection:
        for question, query in by_question(QUESTIONS.read_text(encoding="utf-8")).items():
            connection.execute(query).fetchall()
            taken = []
            for _ in range(runs):
                with taking() as cost:
                    connection.execute(query).fetchall()
                taken.append(cost.wall_s)
            medians[question] = statistics.median(taken)
    print(json.dumps(medians))


if __name__ == "__main__":
    main()
