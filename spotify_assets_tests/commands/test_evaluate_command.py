"""``evaluate``: the labeller and the baselines, measured, published and shown."""

from pathlib import Path

import duckdb

from spotify_assets_tests.command import run


def test_evaluate_measures_publishes_and_shows_the_labeller_beside_the_baseline(
    tmp_path: Path,
) -> None:
    env = {"SPOTIFY_ASSETS_DATA_DIR": str(tmp_path / "data"), "SPOTIFY_LABELLER": "keywords"}
    done = run(["evaluate"], folder=tmp_path, env=env | {"HOME": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    shown = {tuple(line.split("\t")[:2]): line.split("\t") for line in done.stdout.splitlines()}
    with duckdb.connect(tmp_path / "data" / "spotify.duckdb", read_only=True) as connection:
        found = connection.execute(
            "SELECT labeller, round(estimate, 3) FROM comments.evaluations "
            "WHERE measure = 'macro_f1' AND language = 'all' ORDER BY estimate DESC"
        ).fetchall()
        confused = connection.execute("SELECT count(*) FROM comments.confusion").fetchall()
    assert [name for name, _ in found] == ["keywords", "majority"]
    for name, figure in found:
        assert float(shown[name, "all"][2]) == figure
    assert ("keywords", "question") in shown
    assert confused == [(2 * 4 * 5 * 6,)]
