"""The labeller that the settings name, with the topics that there are now.

Belongs here: putting the two together. Does not belong here: either.
"""

from spotify_assets.lake import Lake
from spotify_assets.lake.comments import vocabulary_file
from spotify_assets.learning.labellers import Labeller, configured
from spotify_assets.settings import Settings
from spotify_assets.transforms.comments.topics import Vocabulary, vocabulary


def topics(lake: Lake) -> Vocabulary:
    """The vocabulary of the package, with what persons accepted and refused.

    Raises:
        BadVocabulary: Their list cannot be read.
    """
    file = vocabulary_file(lake)
    return vocabulary(file.read_text(encoding="utf-8") if file.exists() else None)


def labeller(settings: Settings) -> Labeller:
    """Whom comments are given to.

    Raises:
        ProjectError: It cannot be had.
    """
    return configured(settings.labelling, topics(settings.lake).words)
