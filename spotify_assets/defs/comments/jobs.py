"""Jobs of the comments: which of their assets run together.

Belongs here: selections of assets. Does not belong here: when they run.
"""

import dagster as dg

from spotify_assets.defs.comments.comments import comment_batches, label_texts, publish_comments
from spotify_assets.defs.comments.evaluation import comment_evaluations

label_comments = dg.define_asset_job(
    "label_comments",
    selection=dg.AssetSelection.assets(comment_batches, label_texts, publish_comments),
    description="Comments of a day the whole way: import, label, publish.",
)

publish_decisions = dg.define_asset_job(
    "publish_decisions",
    selection=dg.AssetSelection.assets(publish_comments),
    description="Publish what persons decided about comments and topics.",
)
evaluate_labeller = dg.define_asset_job(
    "evaluate_labeller",
    selection=dg.AssetSelection.assets(comment_evaluations, publish_comments),
    description="The labeller of comments against the golden set; published.",
)
