import logging

import pytest

from spotify_assets.terminal import progress


def test_where_it_is_piped_a_warning_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    said = "A response is damaged: it is set aside, and asked for again. " * 5

    with progress(1):
        logging.getLogger("spotify_assets.lake.journal").warning(said)

    assert capsys.readouterr().err.splitlines() == [said]
