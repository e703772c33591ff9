"""All that knows Dagster.

Belongs here: what all domains share (partitions, resources, policies, launching), and a folder for
each domain. Does not belong here: what is done to the data.
"""

import warnings

import dagster as dg

# Multi-asset checks and backfill policies are used on purpose; the lock file holds their version.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
