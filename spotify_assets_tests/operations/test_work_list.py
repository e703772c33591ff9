"""Which comments wait for a decision, by what a person asks for."""

import datetime as dt
from pathlib import Path

import pytest

from spotify_assets.lake import Lake
from spotify_assets.operations.curation import Wanted, work_list
from spotify_assets_tests.pages.report.conftest import category, day, empty, filled, is_decided

__all__ = ["empty", "filled"]


def asked(database: Path, tmp_path: Path, wanted: Wanted) -> list[str]:
    return sorted(one.comment_id for one in work_list(database, Lake(tmp_path / "lake"), wanted))


@pytest.mark.parametrize("release", [None, "r1", "r2", "no such", "' OR 1 = 1 --"])
@pytest.mark.parametrize("since", [None, day(40)])
@pytest.mark.parametrize("until", [None, day(35), day(59)])
def test_the_list_is_of_a_release_and_a_period(
    filled: Path,
    tmp_path: Path,
    release: str | None,
    since: dt.date | None,
    until: dt.date | None,
) -> None:
    wanted = Wanted(None, release_id=release, since=since, until=until)
    assert asked(filled, tmp_path, wanted) == sorted(
        f"c{ago}"
        for ago in range(60)
        if not is_decided(ago)
        and (release is None or release == ("r1" if ago % 2 else "r2"))
        and (since is None or day(ago) >= since)
        and (until is None or day(ago) <= until)
    )


def test_other_filters_hold_beside_these(filled: Path, tmp_path: Path) -> None:
    wanted = Wanted("unsure", topic="lyrics", release_id="r1", since=day(50))
    assert asked(filled, tmp_path, wanted) == sorted(
        f"c{ago}"
        for ago in range(51)
        if not is_decided(ago) and category(ago) == "unsure" and ago % 2
    )
