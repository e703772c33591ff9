"""Which plays of several sources are the same: one to one, as many as can be, the nearest in time.

Belongs here: choosing among candidates. Does not belong here: what makes a candidate
(``match_candidates.sql``, ``report_candidates.sql``, ``earlier.sql``).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

import polars as pl

Pair = tuple[int, int]


def components(edges: Iterable[Pair]) -> dict[int, int]:
    """Each node of a graph → the least node that hangs together with it."""
    parent: dict[int, int] = {}

    def root(node: int) -> int:
        while parent.setdefault(node, node) != node:
            parent[node] = node = parent[parent[node]]
        return node

    for one, other in edges:
        least, greatest = sorted((root(one), root(other)))
        parent[greatest] = least
    return {node: root(node) for node in list(parent)}


def pairs(candidates: pl.DataFrame) -> pl.DataFrame:
    """Choose among candidates of two sides.

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
    chosen = [pair for cluster in _clusters(candidates.filter(~alone)) for pair in cluster]
    return pl.concat([certain, pl.DataFrame(chosen, schema=schema, orient="row")])


def making_way(same: pl.DataFrame, near: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """Let a pair move to another right that is free, where a left that has none needs its own.

    Args:
        same: What was chosen so far, as `pairs` gives it.
        near: The candidates among which a pair may move, as `pairs` takes them.
        earlier: The same of the lefts that may have none.

    Returns:
        As ``same``, with the lefts for which way was made.
    """
    movable = near.join(same, on="right", how="anti").join(same, on="left", how="semi")
    taken = same.join(movable, on="left", how="semi").rename({"left": "holder"})
    wanting = earlier.join(same, on="left", how="anti").join(taken, on="right", how="semi")
    wanted = pairs(wanting).join(taken, on="right")
    moved = pairs(movable.join(wanted, left_on="left", right_on="holder", how="semi"))
    served = wanted.join(moved, left_on="holder", right_on="left", how="semi")
    stay = same.join(moved, on="left", how="anti")
    return pl.concat([stay, moved, served.select("left", "right")])


def merged(plays: pl.DataFrame, candidates: pl.DataFrame) -> pl.DataFrame:
    """Choose which plays of several files are one.

    In each cluster of candidates the files are gone through in order. The plays of a file that none
    before it tells of are matched with those gathered so far, as in `pairs`; no file tells of a
    play twice.

    Args:
        plays: Columns ``play`` (id; of plays that are one the smallest speaks), ``editions`` (a
            list: the files that tell of it, by their order), ``ended_at``, ``ms_played`` and
            ``item_key``, in this order of importance.
        candidates: Columns ``one``, ``other`` (ids) and ``distance`` in seconds; a row for each
            pair that may be one play.

    Returns:
        Columns ``play`` and ``of_play``: what each play that is another one becomes.
    """
    files = {play: set(editions) for play, editions in plays.select("play", "editions").rows()}
    place = {
        play: number
        for number, play in enumerate(
            plays.sort("ended_at", "ms_played", "item_key", "play")["play"]
        )
    }
    distance: dict[int, dict[int, float]] = defaultdict(dict)
    # What one file tells of twice joins no plays: it may not even make one cluster of two.
    allowed = [
        (one, other, far)
        for one, other, far in candidates.select("one", "other", "distance").rows()
        if not files[one] & files[other]
    ]
    for one, other, far in allowed:
        nearest = min(far, distance[one].get(other, far))
        distance[one][other] = distance[other][one] = nearest
    cluster_of = components((one, other) for one, other, _ in allowed)
    clusters = defaultdict(list)
    for play, cluster in cluster_of.items():
        clusters[cluster].append(play)
    same: list[Pair] = []
    for members in clusters.values():
        same += _merged(members, files, place, distance)
    found = [(play, speaks) for play, speaks in components(same).items() if play != speaks]
    schema = {"play": pl.Int64, "of_play": pl.Int64}
    return pl.DataFrame(found, schema=schema, orient="row")


def _merged(
    members: list[int],
    files: dict[int, set[int]],
    place: dict[int, int],
    distance: dict[int, dict[int, float]],
) -> Iterator[Pair]:
    """Two plays that are one; the first file of a play decides when its turn is."""
    speaks = {play: play for play in members}
    gathered: list[int] = []
    turns = sorted((min(files[play]), play) for play in members)
    for _, group in groupby(turns, key=lambda turn: turn[0]):
        new = [play for _, play in group]
        allowed = {
            (one, play): far
            for play in new
            for one, far in distance[play].items()
            if one in gathered and not files[one] & files[play]
        }
        chosen = {
            play: one
            for one, play in _aligned(
                sorted(gathered, key=place.__getitem__), sorted(new, key=place.__getitem__), allowed
            )
        }
        for play, one in chosen.items():
            files[one] |= files[play]
            speaks[one] = min(speaks[one], play)
            place[one] = place[speaks[one]]
            for third, far in distance[play].items():
                near = min(far, distance[one].get(third, far))
                distance[one][third] = distance[third][one] = near
            yield play, one
        gathered += [play for play in new if play not in chosen]


def _clusters(candidates: pl.DataFrame) -> Iterator[Iterable[Pair]]:
    """What is chosen of candidates that hang together, directly or by others."""
    rows = candidates.select("left", "right", "left_at", "right_at", "distance").rows()
    lefts = sorted({(at, left) for left, _, at, _, _ in rows})
    rights = sorted({(at, right) for _, right, _, at, _ in rows})
    # Both sides number their plays by themselves.
    place_left = {left: number for number, (_, left) in enumerate(lefts)}
    place_right = {right: -1 - number for number, (_, right) in enumerate(rights)}
    cluster_of = components((place_left[left], place_right[right]) for left, right, *_ in rows)
    distances: dict[int, dict[Pair, float]] = defaultdict(dict)
    for left, right, _, _, far in rows:
        distances[cluster_of[place_left[left]]][left, right] = far
    for distance in distances.values():
        yield _aligned(
            sorted({left for left, _ in distance}, key=place_left.__getitem__),
            sorted({right for _, right in distance}, key=place_right.__getitem__, reverse=True),
            distance,
        )


def _aligned(
    lefts: Sequence[int], rights: Sequence[int], distance: Mapping[Pair, float]
) -> Iterator[Pair]:
    """The best choice in which no two pairs cross, as two texts are aligned."""
    # Of the first i and the first j: pairs (as a negative number), sum of distances, the last step.
    none = (0, 0.0)
    best = [[none] * (len(rights) + 1) for _ in range(len(lefts) + 1)]
    for i, left in enumerate(lefts, 1):
        for j, right in enumerate(rights, 1):
            choice = min(best[i - 1][j], best[i][j - 1])
            if (left, right) in distance:
                number, sum_ = best[i - 1][j - 1]
                choice = min(choice, (number - 1, sum_ + distance[left, right]))
            best[i][j] = choice
    i, j = len(lefts), len(rights)
    while i and j:
        if best[i][j] == best[i - 1][j]:
            i -= 1
        elif best[i][j] == best[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            yield lefts[i], rights[j]
