"""What the words of all kinds have alike: keys, partitions, and commands to copy."""

import shlex

RANGE = "..."
"""Between the first and the last partition of a range; no genre holds it."""


def key_of(*parts: str | None) -> str:
    """The key of an incident: its parts, but for those that are not there."""
    return "/".join(part for part in parts if part)


def genre_day(partition: str | None) -> tuple[str, str] | None:
    """Genre and day of a key such as ``2026-11-20|rock``; ``None`` of any other, as of a range."""
    day, _, genre = (partition or "").partition("|")
    return (genre, day) if genre and RANGE not in genre else None


def for_partition(partition: str | None) -> str:
    """`` for …``, to end a title with; empty where there is no partition."""
    if parts := genre_day(partition):
        return f" for {parts[0]} on {parts[1]}"
    return f" for {partition}" if partition else ""


def command(name: str, partition: str | None) -> str | None:
    """The command over one genre-day; ``None`` where the partition is none."""
    if parts := genre_day(partition):
        genre, day = parts
        return f"spotify-assets {name} --genre {shlex.quote(genre)} --date {day}"
    return None


def query(sql: str) -> str:
    """The command as one would type it: quoted in the way that is read with least effort."""
    is_plain = not set(sql) & set('"$`\\!')
    quoted = f'"{sql}"' if is_plain else shlex.quote(sql)
    return f"spotify-assets query {quoted}"


def literal(text: str) -> str:
    """A text as SQL has it."""
    return "'" + text.replace("'", "''") + "'"
