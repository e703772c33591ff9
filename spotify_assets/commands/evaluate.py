"""``evaluate``: how good the labeller of comments is."""

from typing import Annotated

import typer

from spotify_assets.commands.exit_codes import settings_or_stop, stopping
from spotify_assets.commands.terminal import progress, show_table
from spotify_assets.settings import Settings
from spotify_assets.warehouse.reading import read_only

NEWEST = """
WITH measured AS (
    FROM comments.evaluations
    QUALIFY evaluated_at = max(evaluated_at) OVER (PARTITION BY labeller)
        AND golden = last(golden ORDER BY evaluated_at) OVER ()
)
"""
# Grain: one labeller and language.
BY_LANGUAGE = f"""{NEWEST}
SELECT
    labeller, language,
    round(any_value(estimate) FILTER (measure = 'macro_f1'), 3),
    round(any_value(low) FILTER (measure = 'macro_f1'), 3),
    round(any_value(high) FILTER (measure = 'macro_f1'), 3),
    round(any_value(estimate) FILTER (measure = 'accuracy'), 3),
    round(any_value(estimate) FILTER (measure = 'coverage'), 3),
    any_value(comments) FILTER (measure = 'macro_f1')
FROM measured WHERE category = 'all'
GROUP BY labeller, language
ORDER BY labeller IN ('keywords', 'majority'), labeller, language <> 'all', language"""  # noqa: S608 - constants
# Grain: one category, of the labeller that is no baseline, if there is one.
BY_CATEGORY = f"""{NEWEST}
SELECT
    labeller, category,
    round(any_value(estimate) FILTER (measure = 'f1'), 3),
    round(any_value(estimate) FILTER (measure = 'precision'), 3),
    round(any_value(estimate) FILTER (measure = 'recall'), 3)
FROM measured WHERE language = 'all' AND category <> 'all' AND labeller <> 'majority'
GROUP BY labeller, category ORDER BY labeller = 'keywords', labeller, category"""  # noqa: S608 - constants


def evaluate(
    train: Annotated[
        bool,
        typer.Option("--train", help="Fit the embedded labeller to what people decided first."),
    ] = False,
) -> None:
    """Measure the labeller of comments against the golden set, beside baselines.

    The golden set is 330 comments in three languages that no labeller is trained with. Coverage is
    the share that has an answer; the others are `unsure`.
    """
    settings = settings_or_stop()
    _run(settings, train=train)
    with read_only(settings.database) as connection:
        languages, categories = (
            connection.execute(sql).fetchall() for sql in (BY_LANGUAGE, BY_CATEGORY)
        )
    columns = [
        "labeller",
        "language",
        "macro F1",
        "low",
        "high",
        "accuracy",
        "coverage",
        "comments",
    ]
    show_table("How good it is", columns, languages)
    show_table("By category", ["labeller", "category", "F1", "precision", "recall"], categories)


def _run(settings: Settings, *, train: bool) -> None:
    from spotify_assets.defs import launch  # noqa: PLC0415 - Dagster takes seconds to import

    launch.prepare_home(settings.dagster_home)
    with (
        stopping("Stopped. The same command begins again."),
        launch.instance(settings) as instance,
        progress(1) as begin,
    ):
        begin("fit and measure" if train else "measure")
        outcome = launch.evaluate_labeller(instance, settings, train=train)
        launch.close(settings, [outcome])
        outcome.raise_for_failure()
