"""Example queries of each table, three a table, each answering a question.

Belongs here: an SQL file for each table, and taking such a file apart. Does not belong here: what
the table is (its contract), and the macros of the warehouse.
"""

import re
from importlib import resources

from spotify_assets.schemas.contract import Contract

SQL = resources.files("spotify_assets.schemas.examples")
QUESTION = re.compile(r"^-- (.+\?)$", re.MULTILINE)


def of(contract: type[Contract]) -> dict[str, str]:
    """The example queries of a table, by question.

    Raises:
        FileNotFoundError: The table has none.
    """
    return by_question(SQL.joinpath(f"{contract.table()}.sql").read_text(encoding="utf-8"))


def by_question(text: str) -> dict[str, str]:
    """The queries of an SQL file, each by the question it answers.

    Args:
        text: Queries, each after a comment line that ends with a question mark, and ended by a
            semicolon. What stands before the first question is about the file.

    Returns:
        For each question its query, without the semicolon.
    """
    _, *parts = QUESTION.split(text)
    return {
        question: query.strip().removesuffix(";")
        for question, query in zip(parts[::2], parts[1::2], strict=True)
    }
