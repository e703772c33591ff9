"""What a campaign added: streams with it against what the other releases let expect without it.

The logarithm of a release's streams on a day is taken for the sum of its level, of what all
releases do at that age, on that weekday and in that week, and of a rest. What is not advertised
says what the first four are. The estimate is the mean rest on the days of the campaign less that of
the four weeks before it. The same difference in windows without any campaign, of all releases
(placebos), says how far it is from zero by chance.

Belongs here: the estimate, its band, and when there is none. Does not belong here: what a campaign
costs.
"""

from dataclasses import dataclass, field

import numpy as np

from spotify_assets.learning.releases.panel import Floats, Ints, Panel

BEFORE_DAYS = 28
"""What a campaign is compared with; whole weeks, and longer than most playlists last."""
MIN_KNOWN = 0.7
"""Share of the days of a window that must be known."""
MIN_CONTROLS = 3
"""Other releases without a campaign, at the ages or on the days of this one."""
MIN_PLACEBOS = 40
"""Windows below which their 5 % quantile would be a guess."""
MAX_DAYS = 91
BAND = 0.9
AGE_KNOTS = (0, 2, 4, 7, 11, 16, 22, 30, 45, 60, 90, 130, 180, 270, 365, 545, 730, 1460, 3650)
"""Days between which the curve of age is straight: narrow where it is steep."""
DAYS_ALIKE = 4.0
"""Days in a row say about as much as one of so many that have nothing to do with each other: at a
correlation of 0.6 from day to day, (1 + 0.6) / (1 - 0.6)."""
SHRINKAGE = (1.0, 60.0)
"""The least and the most days of releases by which a week is held to be like the others."""
ROUNDS = 12
OUTLIER = 1.5
"""Standard deviations from which on a day counts less (Huber)."""


@dataclass(frozen=True)
class Estimate:
    """What a campaign added, as a share of the streams that there would have been without it."""

    lift: float
    low: float
    high: float


@dataclass(frozen=True)
class Judged:
    """A campaign, and its effect where it can be told."""

    controls: int
    placebos: int
    estimate: Estimate | None
    needs: str = ""
    """What would make an estimate possible; empty where there is one."""


@dataclass(frozen=True)
class Rest:
    """What level, age, weekday and week leave of the logarithm of streams."""

    panel: Panel
    values: Floats
    """Releases × days; NaN where the day is not known."""
    spread: Floats
    """Of each release: the standard deviation of its rests on days without a campaign."""
    of_length: dict[int, tuple[Floats, Floats]] = field(default_factory=dict, repr=False)
    """For campaigns of so many days the placebos, once they were asked for."""


def rest(panel: Panel, streams: Floats) -> Rest:
    """Take away what a release, its age, the weekday and the week explain.

    Only days without a campaign say what they explain. Fitted part by part, each to what the others
    leave (backfitting), with less weight on outliers.

    Args:
        panel: The label.
        streams: Of the panel; all, or those without playlists.
    """
    fitted = np.isfinite(streams) & ~panel.advertised & (panel.ages >= 0)
    logs = np.log1p(streams)
    rows, columns = np.nonzero(fitted)
    values = logs[rows, columns]
    if not len(values):
        return Rest(panel, logs, np.ones(len(logs)))
    ages = _Hats.of(panel.ages[rows, columns])
    weekdays, weeks = panel.weekdays[columns], _weeks(panel)[columns]
    level = np.zeros(len(panel.release_ids))
    of_age = np.zeros(len(AGE_KNOTS))
    of_weekday, of_week = np.zeros(7), np.zeros(int(_weeks(panel).max(initial=0)) + 1)
    weight = np.ones(len(values))
    for _ in range(ROUNDS):
        others = of_weekday[weekdays] + of_week[weeks]
        level = _means(rows, values - ages.at(of_age) - others, weight, len(level))
        of_age = ages.fit(values - level[rows] - others, weight)
        common = level[rows] + ages.at(of_age)
        of_weekday = _means(weekdays, values - common - of_week[weeks], weight, 7)
        left = values - common - of_weekday[weekdays]
        of_week = _week_effects(weeks, left, weight, len(of_week))
        left -= of_week[weeks]
        limit = OUTLIER * max(1.4826 * float(np.median(np.abs(left), axis=None)), 1e-9)
        weight = np.minimum(1, limit / np.maximum(np.abs(left), 1e-12))
    every = _Hats.of(np.maximum(panel.ages, 0).ravel()).at(of_age).reshape(panel.ages.shape)
    explained = level[:, None] + every + (of_weekday[panel.weekdays] + of_week[_weeks(panel)])
    values_left = np.where(panel.ages >= 0, logs - explained, np.nan)
    return Rest(panel, values_left, _spreads(np.where(fitted, values_left, np.nan)))


def judge(rest: Rest, row: int, first: int, last: int) -> Judged:
    """What a campaign added.

    Args:
        rest: Of the whole label.
        row: The advertised release.
        first: Column of the first day that the campaign spent on.
        last: Column of the last.
    """
    days = last - first + 1
    controls = _controls(rest, row, first, last)
    if days not in rest.of_length:
        rest.of_length[days] = _placebos(rest, days)
    values, weights = rest.of_length[days]
    if needs := _needs(rest, row, first, last, controls, len(values)):
        return Judged(controls, len(values), None, needs)
    middle = float(_differences(rest.values[row : row + 1], days)[0, first])
    low, high = _quantiles(values, weights)
    # A placebo has its share in what explains it, the advertised days have none.
    spread = float(rest.spread[row]) * (controls + 1) / controls
    ends = (middle, middle - high * spread, middle - low * spread)
    return Judged(controls, len(values), Estimate(*(float(np.expm1(one)) for one in ends)))


def _needs(rest: Rest, row: int, first: int, last: int, controls: int, placebos: int) -> str:
    """What is missing for an estimate, as a sentence; empty where nothing is."""
    panel, values, days = rest.panel, rest.values[row], last - first + 1
    start = first - BEFORE_DAYS
    wanted = (
        (
            days <= MAX_DAYS,
            f"A campaign of at most {MAX_DAYS} days: over a longer time too much else changes.",
        ),
        (
            _known(values, first, last + 1),
            "Streams of the days of the campaign: import a newer timeline.",
        ),
        (
            _known(values, start, first),
            f"Streams of the {BEFORE_DAYS} days before the campaign, from {panel.day(start)} on: "
            "import an older timeline. A release that was not out then cannot be judged.",
        ),
        (
            not panel.advertised[row, max(start, 0) : max(first, 0)].any(),
            f"{BEFORE_DAYS} days without advertising before it: make a pause between campaigns.",
        ),
        (
            controls >= MIN_CONTROLS,
            f"At least {MIN_CONTROLS} other releases that were not advertised, on the same days or "
            f"at the same age; there are {controls}. Declare them, and import their timelines.",
        ),
        (
            placebos >= MIN_PLACEBOS,
            f"At least {MIN_PLACEBOS} windows of {days} days without a campaign to compare with; "
            f"there are {placebos}. Import longer timelines, or those of more releases.",
        ),
    )
    return next((sentence for is_there, sentence in wanted if not is_there), "")


def _controls(rest: Rest, row: int, first: int, last: int) -> int:
    """Other releases of which the same days, or the same ages, are known without a campaign."""
    panel, start = rest.panel, first - BEFORE_DAYS
    free = np.isfinite(rest.values) & ~panel.advertised
    age = panel.ages[row, 0] + first
    is_age = (panel.ages >= age - BEFORE_DAYS) & (panel.ages <= age + last - first)
    of_days = free[:, max(start, 0) : last + 1].sum(axis=1)
    enough = MIN_KNOWN * (last + 1 - start)
    is_control = (of_days >= enough) | ((free & is_age).sum(axis=1) >= enough)
    is_control[row] = False
    return int(is_control.sum())


def _placebos(rest: Rest, days: int) -> tuple[Floats, Floats]:
    """The difference in each window without a campaign, in spreads of its release, and its weight.

    Windows begin a week apart. Each release weighs the same: the advertised one is one more of
    them, and windows of one release are much alike.
    """
    free = np.where(rest.panel.advertised, np.nan, rest.values)
    differences = _differences(free, days)[:, BEFORE_DAYS::7] / rest.spread[:, None]
    is_there = np.isfinite(differences)
    weights = is_there / np.maximum(is_there.sum(axis=1, keepdims=True), 1)
    return differences[is_there], weights[is_there]


def _differences(values: Floats, days: int) -> Floats:
    """For each day: the mean of the window that begins there less that of the days before it.

    NaN where too few of the days of either are known.
    """
    after, before = _window_means(values, days), _window_means(values, BEFORE_DAYS)
    differences = np.full(values.shape, np.nan)
    differences[:, BEFORE_DAYS:] = after[:, BEFORE_DAYS:] - before[:, :-BEFORE_DAYS]
    return differences


def _window_means(values: Floats, days: int) -> Floats:
    """Means of so many days from each day on; NaN where too few of them are known."""
    means = np.full(values.shape, np.nan)
    if days > values.shape[1]:
        return means
    known = np.isfinite(values)
    edges = ((0, 0), (1, 0))
    counts = np.pad(known.cumsum(axis=1), edges)
    sums = np.pad(np.where(known, values, 0).cumsum(axis=1), edges)
    count = counts[:, days:] - counts[:, :-days]
    total = sums[:, days:] - sums[:, :-days]
    is_enough = count >= MIN_KNOWN * days
    means[:, : count.shape[1]] = np.where(is_enough, total / np.maximum(count, 1), np.nan)
    return means


def _known(values: Floats, start: int, end: int) -> bool:
    is_there = start >= 0 and end <= len(values)
    return is_there and bool(np.isfinite(values[start:end]).mean() >= MIN_KNOWN)


def _quantiles(values: Floats, weights: Floats) -> tuple[float, float]:
    """Between which the share `BAND` of the placebos lies, by weight."""
    order = np.argsort(values)
    shares = np.cumsum(weights[order]) / weights.sum()
    tail = (1 - BAND) / 2
    low, high = np.searchsorted(shares, (tail, 1 - tail))
    return float(values[order[low]]), float(values[order[min(high, len(values) - 1)]])


@dataclass(frozen=True)
class _Hats:
    """Of each age the knot below it, and how far on the way to the next it is (0 to 1)."""

    below: Ints
    share: Floats

    @classmethod
    def of(cls, ages: Ints) -> "_Hats":
        knots = np.array(AGE_KNOTS)
        below = np.clip(np.searchsorted(knots, ages, side="right") - 1, 0, len(knots) - 2)
        share = (ages - knots[below]) / (knots[below + 1] - knots[below])
        return cls(below, np.clip(share, 0, 1))

    def at(self, curve: Floats) -> Floats:
        """The curve at each age."""
        values: Floats = curve[self.below] * (1 - self.share) + curve[self.below + 1] * self.share
        return values

    def fit(self, values: Floats, weight: Floats) -> Floats:
        """The curve that is nearest to the values (weighted least squares)."""
        size, low = len(AGE_KNOTS), self.below
        left, right = 1 - self.share, self.share
        normal = np.diag(
            np.bincount(low, weight * left**2, size) + np.bincount(low + 1, weight * right**2, size)
        )
        mixed = np.bincount(low, weight * left * right, size)[:-1]
        normal += np.diag(mixed, 1) + np.diag(mixed, -1)
        # Knots that no age is near to stay where they are.
        normal += np.diag(np.full(size, 1e-6))
        target = np.bincount(low, weight * left * values, size)
        target += np.bincount(low + 1, weight * right * values, size)
        curve: Floats = np.linalg.solve(normal, target)
        return curve


def _weeks(panel: Panel) -> Ints:
    return np.arange(panel.days) // 7


def _means(groups: Ints, values: Floats, weight: Floats, size: int) -> Floats:
    total = np.bincount(groups, weight * values, size)
    means: Floats = total / np.maximum(np.bincount(groups, weight, size), 1e-9)
    return means


def _week_effects(weeks: Ints, left: Floats, weight: Floats, size: int) -> Floats:
    """What all releases do in each week, drawn to zero as far as chance alone explains it.

    By how much the means of weeks differ beyond chance (moments) says how far that is (empirical
    Bayes): a season shows in a calm label, and is not read into the noise of another.
    """
    means, counts = _means(weeks, left, weight, size), np.bincount(weeks, weight, size)
    chance = DAYS_ALIKE * float(np.average((left - means[weeks]) ** 2, weights=weight))
    by_chance = chance / np.maximum(counts, 1)
    between = float(np.average(means**2 - by_chance, weights=counts))
    shrinkage = np.clip(chance / max(between, 1e-9), *SHRINKAGE)
    effects: Floats = means * counts / (counts + shrinkage)
    return effects


def _spreads(values: Floats) -> Floats:
    """Standard deviation of each row; never zero.

    Not a robust one: the days that a playlist takes up are what makes a release hard to judge.
    """
    spreads = np.full(len(values), np.nan)
    for row, one in enumerate(values):
        known: Floats = one[np.isfinite(one)]
        if len(known):
            spreads[row] = np.std(known)
    some: Floats = np.maximum(np.nan_to_num(spreads, nan=1.0), 1e-3)
    return some
