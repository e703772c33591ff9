"""The labeller that the settings name, with the topics that there are now.

Belongs here: putting the two together. Does not belong here: either.
"""

from spotify_assets.learning.labellers import Labeller, configured
from spotify_assets.operations.curation import topics_of
from spotify_assets.settings import Settings


def labeller(settings: Settings) -> Labeller:
    """Whom comments are given to.

    Raises:
        ProjectError: It cannot be had.
    """
    return configured(settings.labelling, topics_of(settings.lake).words)
