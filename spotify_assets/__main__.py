"""Where the command ``spotify-assets`` begins and ends.

Belongs here: what must hold before anything is imported, and what is said of an end that no command
expects. Does not belong here: any command.
"""

import atexit
import gc
import io
import locale
import os
import sys

FAILED, STOPPED = 1, 130


def main() -> None:
    """Run the command."""
    _leave_the_locale()
    # Python would look through all objects of all modules once more at the end: 0.8 s.
    atexit.register(gc.freeze)
    try:
        # The libraries take a second to import; Ctrl-C works meanwhile.
        from spotify_assets.cli import app  # noqa: PLC0415

        app()
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        sys.exit(STOPPED)
    except Exception as error:
        _say_where_the_disk_is_full(error)
        _report(error)
        raise


def _leave_the_locale() -> None:
    """Files, their names and arguments are UTF-8 whatever the locale, for our servers too.

    The terminal keeps its encoding, and what that has no character for is escaped.
    """
    if not sys.flags.utf8_mode and locale.getencoding().lower() != "utf-8":
        # Python takes this from its start only.
        words = [sys.executable, *sys.orig_argv[1:]]
        terminal = os.environ.get("PYTHONIOENCODING") or f"{sys.stdout.encoding}:backslashreplace"
        more = {"PYTHONUTF8": "1", "PYTHONIOENCODING": terminal}
        os.execve(sys.executable, words, os.environ | more)  # noqa: S606 - this command again
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _report(error: Exception) -> None:
    from spotify_assets.operations import error_reports  # noqa: PLC0415

    error_reports.report_exception(error)


def _say_where_the_disk_is_full(error: Exception) -> None:
    """Any library may find it first, Dagster's database too: then the command ends with a word."""
    from spotify_assets.storage import full_disk  # noqa: PLC0415

    if full_disk.is_full(error):
        from spotify_assets.settings import Settings  # noqa: PLC0415

        sys.stderr.write(f"{full_disk.told(error, Settings().data_dir.resolve())}\n")
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
