"""Whether the plays in the file are of one listener, as a data folder is for one.

Belongs here: what speaks against it. Does not belong here: who is told of it. Names of accounts are
known nowhere: an account is a pseudonym.
"""

import datetime as dt
from dataclasses import dataclass

import duckdb

DAY_MS = 24 * 3600 * 1000
CROWDED = f"""
SELECT ended_at::DATE AS day, sum(ms_played) / 3600000 AS hours
FROM star.fact_play
GROUP BY day
HAVING sum(ms_played) > {DAY_MS}
ORDER BY day
"""
ACCOUNTS = "SELECT count(DISTINCT account) FROM monitoring.imports"


@dataclass(frozen=True)
class Doubts:
    """What speaks against one listener.

    Attributes:
        accounts: Accounts whose exports were imported, as far as the exports name them.
        days: Days (UTC) on which plays of more than 24 hours ended, with the hours.
    """

    accounts: int
    days: tuple[tuple[dt.date, float], ...]

    def __bool__(self) -> bool:
        """Whether there is any."""
        return self.accounts > 1 or bool(self.days)

    @property
    def warnings(self) -> list[str]:
        """What the listener should know, without any name."""
        said = []
        if self.accounts > 1:
            said.append(
                f"The imported files are exports of {self.accounts} accounts. A data folder is for "
                "one listener: import each account into a folder of its own."
            )
        if self.days:
            day, hours = self.days[0]
            others = f" and {len(self.days) - 1} more" if len(self.days) > 1 else ""
            said.append(
                f"On {day}{others} more than 24 hours were played within the day ({hours:.1f} h): "
                "the files may be of two accounts."
            )
        return said


def doubts(connection: duckdb.DuckDBPyConnection) -> Doubts:
    """Ask the published file."""
    ((accounts,),) = connection.execute(ACCOUNTS).fetchall()
    return Doubts(int(accounts), tuple(connection.execute(CROWDED).fetchall()))
