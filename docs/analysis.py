# %% [markdown]
"""# Six answers, with plots.

A notebook in the percent format: VS Code, PyCharm, Spyder and Jupyter (with Jupytext) open it as
one, and `python docs/analysis.py` runs it from the first cell to the last. It needs nothing but
DuckDB, which draws the bars too. The questions are those of `answers.sql`, by their numbers.

Plots belong here. Does not belong here: what is asked, which is in `answers.sql`.
"""

# %%
import os
import re
from pathlib import Path

import duckdb

# A notebook runs in its own folder, a script in any.
FOLDER = Path.cwd() if Path("answers.sql").exists() else Path("docs")
# A comment line that ends with a question mark, then the query.
_, *parts = re.split(r"(?m)^-- (.+\?)$", (FOLDER / "answers.sql").read_text(encoding="utf-8"))
QUESTIONS = dict(zip(parts[::2], parts[1::2], strict=True))
BAR = 30
"""Length of the longest bar, in characters."""
data = Path(os.environ.get("SPOTIFY_ASSETS_DATA_DIR", FOLDER.parent / "data"))
warehouse = duckdb.connect(data / "spotify.duckdb", read_only=True)


def answer(number: int) -> duckdb.DuckDBPyRelation:
    """The answer to a question of `answers.sql`; prints the question.

    Raises:
        StopIteration: There is no question of that number.
    """
    question = next(one for one in QUESTIONS if one.startswith(f"{number}. "))
    print(f"\n{question.partition(' ')[2]}\n")
    return warehouse.sql(QUESTIONS[question])


def show(relation: duckdb.DuckDBPyRelation, plotted: str | None = None) -> None:
    """Print an answer, with a bar for each value of one of its columns.

    Args:
        relation: The answer.
        plotted: A column of numbers from 0 on; its largest value has the longest bar.
    """
    if plotted:
        bars = f"bar({plotted}, 0, greatest(max({plotted}) OVER (), 1), {BAR}) AS plot"
        relation = relation.project(f"*, {bars}")
    relation.show(max_rows=200, max_width=200)


# %% [markdown]
"""## The catalog

Where the tracks that rank first today stood over the last month. A short bar is a steady track.
"""

# %%
show(answer(1).project("genre, rank, name[:30] AS name, best, worst, worst - best AS span"), "span")

# %%
show(answer(2), "share")

# %%
show(answer(5).project("age[3:] AS age, tracks, average_rank"), "tracks")

# %% [markdown]
"""How many tracks two genres have in common; on the diagonal, all tracks of the genre."""

# %%
overlap = answer(4)
show(warehouse.sql("PIVOT overlap ON and_genre USING sum(tracks) GROUP BY genre ORDER BY genre"))

# %% [markdown]
"""## The listening history

New, and first heard over a year before: the rest lies in between.
"""

# %%
show(answer(15), "percent_new")

# %% [markdown]
"""Hours down, weekdays across, Monday first: the darker, the more minutes."""

# %%
minutes = answer(18)
show(
    warehouse.sql("""
        WITH shades AS (
            SELECT
                hour,
                ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][weekday] AS weekday,
                round(4 * minutes / max(minutes) OVER ())::INTEGER AS darkness,
                repeat(substr(' ░▒▓█', 1 + darkness, 1), 4) AS shade
            FROM minutes
        )
        PIVOT shades ON weekday IN ('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')
        USING coalesce(any_value(shade), '')
        GROUP BY hour
        ORDER BY hour
    """)
)

# %%
warehouse.close()
