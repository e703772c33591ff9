"""Where the report lies: a folder that `serve` shows, and a bucket, where one is set.

A file appears by one rename, an object by one put: nobody ever reads half of one.

Belongs here: writing it, taking it away, and whether it is out of date. Does not belong here: what
it says (``contents``), and who asks for it (``defs.report``, ``commands.report``).
"""

import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from spotify_assets.lake.errors import LakeError, writing
from spotify_assets.lake.store import Remote, open_store
from spotify_assets.pages.reading import published_at
from spotify_assets.pages.report.contents import FORMAT, read
from spotify_assets.pages.report.page import DATA, FILES, page
from spotify_assets.pages.report.parts import ReportPlace
from spotify_assets.pages.words import Say

TYPES = {"html": "text/html; charset=utf-8", "json": "application/json"}
"""By the end of a file's name."""
MAX_AGE_SECONDS = 60
"""For how long a reader may keep it: it is not made more often."""
CACHE_CONTROL = f"public, max-age={MAX_AGE_SECONDS}"
NAMES = (*FILES.values(), DATA)


def write(place: ReportPlace, database: Path, parts: Sequence[str]) -> list[str]:
    """Make the report of what is published now.

    Args:
        place: Where it goes.
        database: The DuckDB file.
        parts: What is public.

    Returns:
        Where it is: the path of the page, and the URL of the bucket.

    Raises:
        NoReport: There is no warehouse, or it cannot be opened.
        LakeError: It cannot be written, or the bucket refuses it. What was there stays.
    """
    report = read(database, parts)
    files = {name: page(report, Say(language)) for language, name in FILES.items()}
    # The data last: whoever finds them new finds the pages new.
    files[DATA] = report.as_json()
    for name, text in files.items():
        _write(place.folder / name, text)
    if not place.url:
        return [str(place.folder / FILES["en"])]
    bucket = _bucket(place.url)
    for name, text in files.items():
        bucket.replace(name, text.encode(), _attributes(name))
    return [str(place.folder / FILES["en"]), f"{place.url.rstrip('/')}/{FILES['en']}"]


def remove(place: ReportPlace) -> list[str]:
    """Take the report away, where nothing is public any more.

    Returns:
        Of what it was taken.

    Raises:
        LakeError: It cannot be deleted.
    """
    gone = [name for name in NAMES if (place.folder / name).exists()]
    with writing(place.folder, "the report"):
        for name in NAMES:
            (place.folder / name).unlink(missing_ok=True)
    if not place.url:
        return [str(place.folder / name) for name in gone]
    _bucket(place.url).delete(NAMES)
    return [*(str(place.folder / name) for name in gone), place.url]


def is_current(place: ReportPlace, database: Path, parts: Sequence[str]) -> bool:
    """Whether the page says what is published now, of these parts.

    Raises:
        NotReadable: There is no warehouse.
    """
    published = published_at(database).isoformat()
    with suppress(OSError, ValueError, LookupError, TypeError):
        said = json.loads((place.folder / DATA).read_text(encoding="utf-8"))
        wanted = {"format": FORMAT, "published": published}
        return said == {**wanted, "parts": said["parts"]} and [*said["parts"]] == [*parts]
    return False


def _write(path: Path, text: str) -> None:
    with writing(path, "the report"):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _bucket(url: str) -> Remote:
    store = open_store(url)
    if not isinstance(store, Remote):
        raise LakeError(
            f"{url} is no bucket: SPOTIFY_PUBLIC_REPORT_URL is s3://…, gs://… or az://…"
        )
    return store


def _attributes(name: str) -> dict[str, str]:
    return {"Content-Type": TYPES[name.rpartition(".")[2]], "Cache-Control": CACHE_CONTROL}
