"""Export files that tell of the same plays, and not in the same words."""

import datetime as dt
from typing import Any

Row = dict[str, Any]
BEGIN = dt.datetime.fromisoformat("2025-03-08T20:00")
SONG = 200_000


def at(seconds: float) -> dt.datetime:
    """So many seconds after the begin."""
    return BEGIN + dt.timedelta(seconds=seconds)


def extended(seconds: float, number: int, ms: int = SONG, **changed: Any) -> Row:
    """A play of a track that ended then."""
    row = {
        "ts": f"{at(seconds).isoformat()}Z",
        "platform": "linux",
        "ms_played": ms,
        "conn_country": "BR",
        "master_metadata_track_name": f"Song {number}",
        "master_metadata_album_artist_name": f"Artist {number % 4}",
        "master_metadata_album_album_name": f"Album {number % 3}",
        "spotify_track_uri": f"spotify:track:{number:022d}",
        "episode_name": None,
        "episode_show_name": None,
        "spotify_episode_uri": None,
        "reason_start": "trackdone",
        "reason_end": "trackdone",
        "shuffle": False,
        "skipped": False,
        "offline": False,
        "incognito_mode": False,
    }
    return {**row, **changed}


def episode(seconds: float, number: int) -> Row:
    """A play of an episode of a podcast."""
    names = dict.fromkeys(name for name in extended(0, 0) if "track" in name or "album" in name)
    told = {
        "episode_name": f"Episode {number}",
        "episode_show_name": "Show",
        "spotify_episode_uri": f"spotify:episode:{number:022d}",
    }
    return extended(seconds, number, 1_500_000, **names, **told)


def account(seconds: float, number: int, ms: int = SONG, **changed: Any) -> Row:
    """A play in account data, which ended in that minute."""
    row = {
        "endTime": at(seconds).strftime("%Y-%m-%d %H:%M"),
        "artistName": f"Artist {number % 4}",
        "trackName": f"Song {number}",
        "msPlayed": ms,
    }
    return {**row, **changed}


def of_2020(row: Row) -> Row:
    """As files of 2020 have it: without the key of the URI."""
    return {name: value for name, value in row.items() if name != "spotify_track_uri"}


def export_files() -> dict[str, list[Row]]:
    """By name; as they are imported."""
    loops = [extended(10_000 + 200 * n, 9) for n in range(3)]
    skips = [extended(12_000 + 3 * n, 10, 2_000, reason_end="fwdbtn") for n in range(4)]
    crowded = [extended(13_000 + 4 * n, 20 + n % 2, 3_000 + n) for n in range(12)]
    plain = [extended(240 * n, n, skipped=None) for n in range(8)]
    days = [extended(86_400 * n + 5_000 * (n % 4), n % 5) for n in range(1, 9)]
    older = [
        *plain,
        *loops,
        *skips,
        *crowded,
        # Twice the same row; a private session; what is short.
        *(2 * [extended(15_000, 11)]),
        extended(15_500, 12, incognito_mode=True),
        extended(15_600, 12, 20_000),
        *days,
    ]
    newer = [
        # A second off, a corrected length, a later time, another name, another id.
        extended(1, 0),
        extended(240, 1, SONG - 40_000),
        extended(480 + 6 * 3600, 2),
        extended(720, 3, master_metadata_track_name="Song 3 - Remastered"),
        extended(960, 4, spotify_track_uri=f"spotify:track:{99:022d}"),
        *plain[5:],
        *loops,
        *skips[:3],
        *(extended(13_001 + 4 * n, 20 + n % 2, 3_000 + n) for n in range(10)),
        extended(16_000, 13),
        episode(18_000, 1),
        *days,
        extended(86_400 * 9, 3),
    ]
    of_account = [
        *(account(240 * n, n) for n in range(6)),
        *(account(10_000 + 200 * n, 9) for n in range(3)),
        account(12_000, 10, 2_000),
        account(12_003, 10, 2_000),
        *(account(13_000 + 4 * n, 20 + n % 2, 3_000 + n) for n in range(6)),
        # Without a connection: hours before the extended history has it.
        account(16_000 - 5 * 3600, 13),
        account(17_000, 14),
        account(17_000, 14),
        account(17_400, 15, 20_000),
        account(86_400 * 3 + 20_000, 6, trackName="SONG 6"),
    ]
    return {
        "Streaming_History_Audio_2025_1.json": older,
        "Streaming_History_Audio_2025_2.json": newer,
        "StreamingHistory_music_0.json": of_account,
        "StreamingHistory_music_1.json": [
            account(17_010, 14),
            account(17_400, 15, 21_000),
            account(86_400 * 10, 16),
        ],
        "endsong_5.json": [of_2020(extended(-86_400 * n, n + 1)) for n in range(3, 9)],
    }
