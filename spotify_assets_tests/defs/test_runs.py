import datetime as dt
import hashlib
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from spotify_assets.definitions import defs
from spotify_assets.lake import GenreDay, Lake, upkeep
from spotify_assets.lake.raw import RawPartition
from spotify_assets.schemas import LOGS, WAREHOUSE
from spotify_assets.schemas.monitoring import LakeCommits
from spotify_assets_tests.conftest import TODAY, Run

pytestmark = pytest.mark.end_to_end


def ask(data_dir: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(data_dir / "spotify.duckdb", read_only=True) as connection:
        return connection.execute(query).fetchall()


def files(data_dir: Path) -> dict[str, tuple[str, int]]:
    """Hash and time of each Parquet file; the folder names it, as there is one in each."""
    found = (data_dir / "lake").rglob("*.parquet")
    return {
        str(path.parent.relative_to(data_dir)): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime_ns,
        )
        for path in found
    }


def rows(data_dir: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of the warehouse but those of the logs, to which each run adds.

    And but for the number of commits, to which a run can add.
    """
    others = {contract.table() for contract in LOGS} | {LakeCommits.table()}
    with duckdb.connect(data_dir / "spotify.duckdb", read_only=True) as connection:
        return {
            table: connection.execute(f"FROM {table} ORDER BY ALL").fetchall()
            for table in {*WAREHOUSE} - others
        }


def test_a_genre_day_goes_the_whole_way_and_reconciles(data_dir: Path, run: Run) -> None:
    outcome = run("sertanejo")
    assert (outcome.failure, outcome.failed_checks) == (None, [])
    # From the responses, counted here by hand, to the facts.
    sealed = RawPartition(Lake(data_dir / "lake"), GenreDay("sertanejo", TODAY)).latest()
    assert sealed is not None
    received = ask(
        data_dir, "SELECT received FROM processed.reconciliation WHERE table_name = 'tracks'"
    )
    counted = duckdb.sql(
        "SELECT sum(len(search.tracks.items)) FROM read_json(?, "
        "columns = {search: 'STRUCT(tracks STRUCT(items JSON[]))'})",
        params=[str(sealed.path)],
    ).fetchall()
    assert received == counted
    assert ask(
        data_dir,
        "SELECT received - duplicate - quarantined = (SELECT count(*) FROM star.fact_track_daily) "
        "FROM processed.reconciliation WHERE table_name = 'tracks'",
    ) == [(True,)]


def test_running_again_changes_no_byte_and_no_row(data_dir: Path, run: Run) -> None:
    run("forró")
    before = files(data_dir), rows(data_dir)
    assert run("forró").failure is None
    assert (files(data_dir), rows(data_dir)) == before


@pytest.mark.slow
def test_a_range_of_days_gives_the_same_files_as_day_by_day(
    data_dir: Path, run: Run, tmp_path: Path
) -> None:
    first = TODAY - dt.timedelta(days=2)
    run("r&b", first, TODAY)
    together = {name: digest for name, (digest, _) in files(data_dir).items()}
    upkeep.purge(Lake(data_dir / "lake"), "r&b", {first + dt.timedelta(days=n) for n in range(3)})
    assert files(data_dir) == {}
    for days in range(3):
        assert run("r&b", first + dt.timedelta(days=days)).failure is None
    alone = {name: digest for name, (digest, _) in files(data_dir).items()}
    assert alone == together
    assert ask(data_dir, "SELECT count(DISTINCT date) FROM star.fact_track_daily") == [(3,)]


def test_an_unknown_genre_completes_with_no_rows_and_says_so(
    data_dir: Path, run: Run, instance: dg.DagsterInstance
) -> None:
    outcome = run("no such genre")
    assert outcome.failure is None
    assert ask(data_dir, "SELECT genre, tracks_asked > 0 FROM processed.extracts") == [
        ("no such genre", True)
    ]
    assert ask(data_dir, "SELECT count(*) FROM star.fact_track_daily") == [(0,)]
    said = [entry.user_message for entry in instance.all_logs(outcome.run_id)]
    assert any("the API found nothing; 0 rows" in message for message in said)


@pytest.mark.parametrize(
    "genre",
    [
        "rock/metal",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("..", "d'n'b", 'say "hi"', "50% off", "a=b&c=d", "日本 の歌", "x; DROP")
        ),
    ],
)
def test_any_name_of_a_genre_works_in_keys_paths_and_sql(
    data_dir: Path, run: Run, genre: str
) -> None:
    genre = genre.casefold()
    assert run(genre, artists=1, tracks=1).failure is None
    assert ask(data_dir, "SELECT genre FROM star.dim_genre") == [(genre,)]


def test_force_asks_again_and_keeps_the_earlier_responses(data_dir: Path, run: Run) -> None:
    run("samba", artists=5, tracks=5)
    assert run("samba", artists=5, tracks=5, force=True).failure is None
    partition = RawPartition(Lake(data_dir / "lake"), GenreDay("samba", TODAY))
    names = sorted(path.name for path in partition.folder.glob("*.zst"))
    assert names == ["0001.jsonl.zst", "0002.jsonl.zst"]
    sources = ask(data_dir, "SELECT DISTINCT source_file FROM processed.tracks")
    assert [str(source).count("0002") for (source,) in sources] == [1]


def test_a_past_day_of_the_real_api_is_refused_with_the_reason(
    data_dir: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPOTIFY_SANDBOX_URL")
    monkeypatch.setenv("SPOTIFY_CLIENT_ID", "id")
    monkeypatch.setenv("SPOTIFY_CLIENT_SECRET", "secret")
    outcome = run("rock", dt.date(2026, 1, 5))
    assert "answers for now only" in (outcome.failure or "")


def test_without_credentials_the_message_says_how_to_go_on(
    data_dir: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPOTIFY_SANDBOX_URL")
    outcome = run("rock")
    assert "spotify-assets sandbox" in (outcome.failure or "")


def test_raw_is_processed_again_without_any_api(
    data_dir: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("rock", artists=5, tracks=5)
    monkeypatch.delenv("SPOTIFY_SANDBOX_URL")
    for path in (data_dir / "lake" / "processed").rglob("*.parquet"):
        path.unlink()
    assert run("rock").failure is None


def test_a_data_folder_that_cannot_be_written_is_a_clear_error(data_dir: Path, run: Run) -> None:
    run("rock", artists=5, tracks=5)
    before = files(data_dir)
    (data_dir / "lake" / "raw" / "catalog" / "genre=jazz").write_text("in the way")
    outcome = run("jazz")
    assert "Cannot write" in (outcome.failure or "")
    assert files(data_dir) == before


def test_one_table_can_be_made_without_the_others_of_its_step(
    data_dir: Path, run: Run, instance: dg.DagsterInstance
) -> None:
    run("rock", artists=5, tracks=5)
    before = files(data_dir), rows(data_dir)
    tables = ("rankings/top_tracks", "star/fact_artist_daily", "rankings/departures")
    wanted = [dg.AssetKey.from_user_string(table) for table in tables]
    made = (
        defs()
        .resolve_implicit_global_asset_job_def()
        .execute_in_process(
            instance=instance, asset_selection=wanted, partition_key=f"{TODAY}|rock"
        )
    )
    assert {one.asset_key for one in made.get_asset_materialization_events()} == set(wanted)
    contracts = [one for one in made.get_asset_check_evaluations() if one.check_name == "contract"]
    assert {one.asset_key for one in contracts} == set(wanted)
    # The file is published as a whole, whichever table was asked for.
    assert (files(data_dir), rows(data_dir)) == before
