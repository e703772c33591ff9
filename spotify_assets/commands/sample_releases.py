"""``sample-releases``: the files of an invented label, to try the imports and estimates on."""

import datetime as dt
import json
from pathlib import Path
from typing import Annotated

import typer

from spotify_assets.commands.exit_codes import FAILED, STOPPED, USAGE, stop
from spotify_assets.commands.terminal import show_table
from spotify_assets.sandbox import label, label_files


def sample_releases(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder for the files.")],
    until: Annotated[
        str | None, typer.Option(metavar="DAY", help="Last day (YYYY-MM-DD); else yesterday.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Which label.")] = 1,
    truth: Annotated[
        Path | None, typer.Option(help="Also write what the campaigns really did (JSON file).")
    ] = None,
) -> None:
    """Write the files of an invented label: streams, campaigns with a known effect, sales.

    Two years of three artists with twelve releases, four of which were advertised, as Spotify for
    Artists, Meta Ads, DistroKid and TuneCore write them. The same seed and last day give the same
    bytes.
    """
    try:
        yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
        last = yesterday if until is None else dt.date.fromisoformat(until)
    except ValueError:
        stop(f"{until!r} is no day: write it as 2026-11-20.", USAGE)
    for path in (folder, truth):
        if path is not None and path.exists():
            stop(f"{path} is there already: delete it, or choose another place.", USAGE)
    releases = label.releases(seed, last)
    counts: dict[str, list[int]] = {}
    try:
        for file in label_files.files(seed, releases, last):
            file.write(folder)
            count = counts.setdefault(file.name.partition("/")[0], [0, 0])
            count[0], count[1] = count[0] + 1, count[1] + len(file.body)
        if truth is not None:
            truth.parent.mkdir(parents=True, exist_ok=True)
            truth.write_text(json.dumps(_effects(releases), indent=2), encoding="utf-8")
    except OSError as error:
        stop(f"The files cannot be written: {error}", FAILED)
    except KeyboardInterrupt:
        stop(f"Stopped. What is in {folder} is not whole: delete it.", STOPPED)
    show_table("", ["from", "files", "bytes"], [[name, *count] for name, count in counts.items()])


def _effects(releases: list[label.Release]) -> list[dict[str, object]]:
    """Of each campaign the streams that there would not have been without it."""
    return [
        {
            "release_id": release.release_id,
            "campaign": campaign.name,
            "first": str(campaign.first),
            "last": str(campaign.days[-1]),
            "lift": campaign.lift,
            "additional_streams": sum(
                release.streams[day] * campaign.lift / (1 + campaign.lift) for day in campaign.days
            ),
        }
        for release in releases
        if (campaign := release.campaign)
    ]
