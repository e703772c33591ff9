"""Jobs of the predictions: which of their assets run together.

Belongs here: selections of assets. Does not belong here: when they run.
"""

import dagster as dg

from spotify_assets.defs.predictions.fitting import stream_model, stream_predictions
from spotify_assets.defs.predictions.publish import publish_predictions

train_streams = dg.define_asset_job(
    "train_streams",
    selection=dg.AssetSelection.assets(stream_model, stream_predictions, publish_predictions),
    description="Train the model of daily streams on all that is known; predict, and publish.",
)

predict_streams = dg.define_asset_job(
    "predict_streams",
    selection=dg.AssetSelection.assets(stream_predictions, publish_predictions),
    description="Predict with the newest model; score what has come, and publish.",
)
