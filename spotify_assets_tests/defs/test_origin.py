"""Where the runs that the command executes stand in the UI, and what it shows of them."""

import datetime as dt

import dagster as dg
import pytest

from spotify_assets.defs.origin import LOCATION, REPOSITORY
from spotify_assets.defs.partitions import PartitionRange
from spotify_assets_tests.conftest import TODAY, Run

HIDDEN = (".dagster/", "dagster/")
FIRST = TODAY - dt.timedelta(days=1)


@pytest.mark.end_to_end
def test_a_run_of_the_command_is_one_of_its_job_and_says_of_which_genre_and_days_it_is(
    instance: dg.DagsterInstance, run: Run
) -> None:
    outcome = run("rock", FIRST, TODAY, artists=1, tracks=1)
    # By this the pages of jobs and the timeline find their runs.
    of_job = dg.RunsFilter(
        job_name="catalog", tags={".dagster/repository": f"{REPOSITORY}@{LOCATION}"}
    )
    (record,) = instance.get_run_records(of_job)
    assert record.dagster_run.run_id == outcome.run_id
    origin = record.dagster_run.remote_job_origin
    assert origin is not None
    assert (origin.location_name, origin.job_name) == (LOCATION, "catalog")
    tags = record.dagster_run.tags
    assert {name: value for name, value in tags.items() if not name.startswith(HIDDEN)} == {
        "genre": "rock",
        "day": f"{FIRST}..{TODAY}",
    }


@pytest.mark.parametrize(
    ("genres", "last", "labels"),
    [
        (("rock",), TODAY, {"genre": "rock", "day": str(TODAY)}),
        (("rock", "jazz"), TODAY, {"genre": "rock, jazz", "day": str(TODAY)}),
        (("a", "b", "c", "d"), TODAY, {"genre": "4 genres", "day": str(TODAY)}),
    ],
)
def test_a_range_is_named_as_people_read_it(
    genres: tuple[str, ...], last: dt.date, labels: dict[str, str]
) -> None:
    assert PartitionRange(genres, TODAY, last).labels == labels
    # A sensor or a schedule starts it with the same.
    assert labels.items() <= PartitionRange(genres, TODAY, last).tags.items()
