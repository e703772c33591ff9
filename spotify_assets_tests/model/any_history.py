"""Plays by chance, each told by some of several files, and seldom in the same words."""

from dataclasses import dataclass
from random import Random
from typing import Any

from spotify_assets_tests.model.histories import account, extended, of_2020

Row = dict[str, Any]
DAY, HOUR = 86_400, 3600
LENGTHS = (0, 1000, 2500, 31_000, 61_500, 180_000, 200_000)
PAUSES = (0, 0, 1, 2, 3, 30, 65, 1900)
SHIFTS = (-61, -2, -1, 1, 2, 3, 64)
LATER = (HOUR, 5 * HOUR, DAY, DAY + 1)


@dataclass(frozen=True)
class Heard:
    """A play that there was."""

    end: int
    """Seconds after the begin."""
    number: int
    ms: int
    is_local: bool


def heard(random: Random) -> list[Heard]:
    """A few times of crowded plays, of a few things."""
    plays = []
    for _ in range(random.randint(2, 12)):
        at = random.choice([0, 1, 1, 2, 5, 9]) * DAY + random.choice([0, 0, 400, 9 * HOUR])
        numbers = random.choices(range(8), k=2)
        is_local = random.random() < 0.2
        for _ in range(random.randint(1, 7)):
            ms = random.choice(LENGTHS)
            at += random.choice(PAUSES) + ms // 1000
            plays.append(Heard(at, random.choice(numbers), ms, is_local))
    return plays


def in_extended(random: Random, play: Heard) -> Row:
    """A row of the extended history, perhaps corrected, renamed, relinked or late."""
    end, ms, changed = play.end, play.ms, dict[str, Any]()
    match random.randrange(16):
        case 0 | 1:
            end += random.choice(SHIFTS)
        case 2 | 3:
            end += random.choice(LATER)
        case 4:
            ms = random.choice([ms // 2, ms + 700, 3 * ms])
        case 5:
            changed["spotify_track_uri"] = f"spotify:track:{play.number + 50:022d}"
        case 6:
            changed["master_metadata_track_name"] = f"SONG {play.number}"
        case 7:
            changed["master_metadata_track_name"] = f"Song {play.number} - Live"
        case 8:
            changed["master_metadata_album_album_name"] = "Another Album"
        case 9:
            changed["reason_end"] = random.choice(["fwdbtn", "endplay"])
    if play.is_local:
        number = play.number
        local = f"spotify:local:Artist+{number}:Album:Song+{number}:200"
        changed["spotify_track_uri"] = random.choice([None, local])
    return extended(end, play.number, ms, **changed)


def in_account(random: Random, play: Heard) -> Row:
    """A row of account data."""
    end, ms, changed = play.end, play.ms, dict[str, Any]()
    match random.randrange(12):
        case 0:
            end += random.choice(SHIFTS)
        case 1:
            ms = random.choice([ms // 2, ms + 700])
        case 2:
            changed["trackName"] = f"SONG {play.number}"
        case 3:
            end -= random.choice(LATER)
    if play.is_local and random.random() < 0.8:
        changed |= {"artistName": "Unknown Artist", "trackName": "Unknown Track"}
    return account(end, play.number, ms, **changed)


def any_history(random: Random) -> dict[str, list[Row]]:
    """Export files, by name."""
    plays = heard(random)
    names = ["Streaming_History_Audio_2025_1", "Streaming_History_Audio_2025_2", "endsong_5"]
    names += ["StreamingHistory_music_0", "StreamingHistory_music_1"]
    files = {}
    for name in random.sample(names, random.randint(2, 5)):
        told = [play for play in plays if random.random() < 0.85]
        if name.startswith("StreamingHistory_music"):
            rows = [in_account(random, play) for play in told]
        else:
            rows = [in_extended(random, play) for play in told]
            rows += random.choices(rows, k=2) if rows else []
        if name == "endsong_5":
            rows = [of_2020(row) for row in rows]
        if random.random() < 0.3:
            random.shuffle(rows)
        if rows:
            files[f"{name}.json"] = rows
    return files
