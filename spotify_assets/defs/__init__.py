"""All that knows Dagster, one concept a module. What is done to the data is done elsewhere."""

import warnings

import dagster as dg

# Multi-asset checks and backfill policies are used on purpose; the lock file holds their version.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
