import sys

import pytest
from typer.testing import CliRunner

from spotify_assets.cli import app


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    # As where nobody has installed it, here too where somebody has.
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.delitem(sys.modules, "spotify_assets.engines.spark", raising=False)
    words = ["rebuild", "--engine", "spark", "--remote", "sc://127.0.0.1:1"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2
    assert "pip install 'spotify-assets[spark]'" in " ".join(done.output.split())


def test_an_engine_that_is_not_known_is_refused_with_those_that_are() -> None:
    done = CliRunner().invoke(app, ["rebuild", "--engine", "dask", "--remote", "sc://x"])
    assert done.exit_code == 2
    assert "spark" in done.output
