"""Where models and predictions lie: a folder for each model, and for each time of predicting.

Belongs here: their paths, writing and listing them. Does not belong here: what is in them.
"""

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from spotify_assets.lake.errors import DamagedFile
from spotify_assets.lake.history import (
    STREAM_MODELS,
    STREAM_PREDICTIONS,
    history_folder,
    making,
    place,
)
from spotify_assets.lake.layout import ROWS_FILE, Lake

MODEL_FILE, BOOSTER_FILE, MADE_FILE = "model.json", "lightgbm.txt", "made.json"
"""What a model knows; LightGBM's part of it; and when it was trained, which is no part of it. The
first is put into the lake last (`history.place` goes by name): with it the model is there."""
FACTS = (
    *("first_day", "last_day", "releases", "days", "data", "files_until", "code_version"),
    *("candidates", "why_no_lightgbm", "lightgbm", "parameters", "days_ahead"),
)
"""What the first has to say."""
REMEDY = "Delete its folder."


@dataclass(frozen=True)
class StoredModel:
    """A model as the lake holds it."""

    version: str
    facts: dict[str, Any]
    booster: str | None
    trained_at: dt.datetime
    file: str
    """Relative to the lake."""


def model_file(lake: Lake, version: str) -> Path:
    """The file of a model."""
    return history_folder(lake, STREAM_MODELS, f"model={version}") / MODEL_FILE


def write_model(
    lake: Lake, version: str, text: str, booster: str | None, trained_at: dt.datetime
) -> bool:
    """Put a model into the lake; whether it was not there before.

    Raises:
        LakeError: The lake cannot be written.
    """
    target = model_file(lake, version).parent
    if target.exists():
        return False
    with making(lake) as folder:
        (folder / MODEL_FILE).write_text(text, encoding="utf-8")
        if booster is not None:
            (folder / BOOSTER_FILE).write_text(booster, encoding="utf-8")
        made = json.dumps({"trained_at": trained_at.astimezone(dt.UTC).isoformat()})
        (folder / MADE_FILE).write_text(made, encoding="utf-8")
        return place(lake, folder, target)


def write_predictions(lake: Lake, made_at: dt.datetime, rows: pl.DataFrame) -> Path:
    """Put what was predicted at one time into the lake.

    Raises:
        LakeError: The lake cannot be written.
    """
    stamp = made_at.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%S%fZ")
    target = history_folder(lake, STREAM_PREDICTIONS, f"made={stamp}")
    with making(lake) as folder:
        rows.write_parquet(folder / ROWS_FILE)
        place(lake, folder, target)
    return target / ROWS_FILE


def model_files(lake: Lake) -> list[Path]:
    """The file of each model."""
    return sorted(history_folder(lake, STREAM_MODELS, "").glob(f"model=*/{MODEL_FILE}"))


def prediction_files(lake: Lake) -> list[Path]:
    """What was predicted, a file for each time."""
    return sorted(history_folder(lake, STREAM_PREDICTIONS, "").glob(f"made=*/{ROWS_FILE}"))


def read_model(lake: Lake, path: Path) -> StoredModel:
    """A model of `model_files`.

    Raises:
        DamagedFile: It is not as it was written.
    """
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        made = json.loads(path.with_name(MADE_FILE).read_text(encoding="utf-8"))
        booster = path.with_name(BOOSTER_FILE)
        return StoredModel(
            path.parent.name.partition("=")[2],
            {name: facts[name] for name in FACTS},
            booster.read_text(encoding="utf-8") if booster.exists() else None,
            dt.datetime.fromisoformat(made["trained_at"]),
            lake.relative(path),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedFile(path, "written", REMEDY) from error


def read_predictions(path: Path) -> pl.DataFrame:
    """One of `prediction_files`.

    Raises:
        DamagedFile: It is not as it was written.
    """
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DamagedFile(path, "written", REMEDY) from error


def newest_model(lake: Lake) -> StoredModel | None:
    """The model that was trained last.

    Raises:
        DamagedFile: A model is not as it was written.
    """
    models = [read_model(lake, path) for path in model_files(lake)]
    return max(models, key=lambda one: (one.trained_at, one.version), default=None)
