"""A process that logs many lines into a file that others turn over meanwhile."""

import logging
import sys
from pathlib import Path

from spotify_assets.operations.logs import LogSettings, begin


def main(folder: str, name: str, lines: str) -> None:
    begin(LogSettings(Path(folder), "INFO", "text", 1_000, 2_000), is_server=True)
    log = logging.getLogger("spotify_assets.test")
    for number in range(int(lines)):
        log.info("%s %d", name, number)


if __name__ == "__main__":
    main(*sys.argv[1:])
