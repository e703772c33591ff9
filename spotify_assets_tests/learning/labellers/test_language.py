"""The language of a comment, which is short and badly typed."""

import pytest

from spotify_assets.learning.labellers.language import UNDETERMINED, language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("amei demais", "pt"),
        ("qdo vem pra recife?", "pt"),
        ("muito caro esse ingresso pqp", "pt"),
        ("esto es una basura", "es"),
        ("cuando sale el vinilo", "es"),
        ("this slaps so hard", "en"),
        ("vocal is too loud in the mix", "en"),
        ("ich liebe dieses Lied", "de"),
        ("c'est magnifique cette chanson", "fr"),
        ("この曲大好き", "ja"),
        ("🔥🔥🔥", UNDETERMINED),
        ("10/10", UNDETERMINED),
        ("", UNDETERMINED),
    ],
)
def test_a_short_text_is_of_our_languages_unless_another_is_far_likelier(
    text: str, language: str
) -> None:
    assert language_of(text) == language
