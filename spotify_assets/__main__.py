"""Where the command ``spotify-assets`` begins and ends.

Belongs here: what must hold before anything is imported. Does not belong here: any command.
"""

import atexit
import gc
import sys

STOPPED = 130


def main() -> None:
    """Run the command."""
    # Python would look through all objects of all modules once more at the end: 0.8 s.
    atexit.register(gc.freeze)
    try:
        # The libraries take a second to import; Ctrl-C works meanwhile.
        from spotify_assets.cli import app  # noqa: PLC0415

        app()
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        sys.exit(STOPPED)


if __name__ == "__main__":
    main()
