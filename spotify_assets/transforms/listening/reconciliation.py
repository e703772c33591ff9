"""Which plays of two sources are the same: one to one, as many as can be, the nearest in time.

Belongs here: choosing among candidates. Does not belong here: what makes a candidate
(``candidates.sql``).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

Pair = tuple[int, int]


@dataclass(frozen=True)
class _Cluster:
    """Plays that are candidates for each other; both sides in order of time."""

    left: Sequence[int]
    right: Sequence[int]
    distance: dict[Pair, float]


def pairs(candidates: pl.DataFrame) -> pl.DataFrame:
    """Choose among candidates.

    A track that is repeated at once gives several candidates for each of its plays. There no two
    pairs may cross in time; among such choices those with the most pairs come first, then the one
    with the smallest sum of distances.

    Args:
        candidates: Columns ``left``, ``right`` (ids), ``left_at``, ``right_at`` (times) and
            ``distance`` in seconds; a row for each pair that may be the same play.

    Returns:
        Columns ``left``, ``right``: each id at most once on its side.
    """
    schema = {"left": candidates.schema["left"], "right": candidates.schema["right"]}
    alone = (pl.len().over("left") == 1) & (pl.len().over("right") == 1)
    certain = candidates.filter(alone).select("left", "right")
    rest = candidates.filter(~alone)
    chosen = [pair for cluster in _clusters(rest) for pair in _aligned(cluster)]
    return pl.concat([certain, pl.DataFrame(chosen, schema=schema, orient="row")])


def _clusters(candidates: pl.DataFrame) -> Iterator[_Cluster]:
    """Candidates that hang together, directly or by others."""
    rows = candidates.select("left", "right", "left_at", "right_at", "distance").rows()
    of_left: dict[int, list[int]] = defaultdict(list)
    of_right: dict[int, list[int]] = defaultdict(list)
    for left, right, *_ in rows:
        of_left[left].append(right)
        of_right[right].append(left)
    left_at = {left: at for left, _, at, _, _ in rows}
    right_at = {right: at for _, right, _, at, _ in rows}
    distance = {(left, right): far for left, right, _, _, far in rows}
    seen: set[int] = set()
    for first in of_left:
        if first in seen:
            continue
        lefts, rights = _reached(first, of_left, of_right)
        seen |= lefts
        yield _Cluster(
            sorted(lefts, key=lambda one: (left_at[one], one)),
            sorted(rights, key=lambda one: (right_at[one], one)),
            {(a, b): distance[a, b] for a in lefts for b in of_left[a]},
        )


def _reached(
    first: int, of_left: dict[int, list[int]], of_right: dict[int, list[int]]
) -> tuple[set[int], set[int]]:
    lefts, rights, ahead = {first}, set[int](), [first]
    while ahead:
        for right in of_left[ahead.pop()]:
            if right not in rights:
                rights.add(right)
                new = set(of_right[right]) - lefts
                lefts |= new
                ahead += new
    return lefts, rights


def _aligned(cluster: _Cluster) -> Iterable[Pair]:
    """The best choice in which no two pairs cross, as two texts are aligned."""
    # Of the first i and the first j: pairs (as a negative number), sum of distances, the last step.
    none = (0, 0.0)
    best = [[none] * (len(cluster.right) + 1) for _ in range(len(cluster.left) + 1)]
    for i, left in enumerate(cluster.left, 1):
        for j, right in enumerate(cluster.right, 1):
            choice = min(best[i - 1][j], best[i][j - 1])
            if (left, right) in cluster.distance:
                number, sum_ = best[i - 1][j - 1]
                choice = min(choice, (number - 1, sum_ + cluster.distance[left, right]))
            best[i][j] = choice
    i, j = len(cluster.left), len(cluster.right)
    while i and j:
        if best[i][j] == best[i - 1][j]:
            i -= 1
        elif best[i][j] == best[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            yield cluster.left[i], cluster.right[j]
