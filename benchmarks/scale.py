"""How large the benches are."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Scale:
    """Sizes of one run of the benches."""

    runs: int
    """How often each thing is measured."""
    tracks: int
    """Track objects that are processed, and tracks of the large sandbox; a multiple of 10,000."""
    genre_day_tracks: int
    sandbox_tracks: int
    """Tracks of the sandbox that the genre-day is collected from."""
    warm_passes: int
    demos: int
    is_smoke: bool = False
    """Leave out what runs the same code once more."""

    def with_runs(self, runs: int) -> "Scale":
        """The same with another number of runs."""
        return replace(self, runs=runs)


FULL = Scale(
    runs=3,
    tracks=1_000_000,
    genre_day_tracks=1000,
    sandbox_tracks=100_000,
    warm_passes=3,
    demos=2,
)
SMALL = Scale(
    runs=1,
    tracks=20_000,
    genre_day_tracks=20,
    sandbox_tracks=2000,
    warm_passes=1,
    demos=1,
    is_smoke=True,
)
