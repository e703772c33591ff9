"""The training texts, and that the labeller of the package is what they make."""

from collections import Counter

import pytest

from spotify_assets.learning.labellers import CATEGORIES
from spotify_assets.learning.labellers.embedded import package_head
from spotify_assets.learning.labellers.training import Example, fit, package_examples


def test_every_category_and_language_has_training_texts_of_its_own() -> None:
    examples = package_examples()
    counted = Counter((one.language, one.category) for one in examples)
    assert {*counted} == {(name, one) for name in ("en", "pt", "es") for one in CATEGORIES}
    assert min(counted.values()) >= 75
    assert len({one.text for one in examples}) == len(examples)


def test_too_few_examples_are_refused() -> None:
    with pytest.raises(ValueError, match="Fewer than 50 examples of criticism"):
        fit([Example(f"good {n}", "en", "praise") for n in range(60)])


@pytest.mark.slow
def test_the_labeller_of_the_package_is_fitted_again_to_the_same() -> None:
    pytest.importorskip("sklearn", reason="needs the extra comments: `make test-all` installs it")
    fitted, shipped = fit(package_examples()), package_head()
    assert fitted.threshold == pytest.approx(shipped.threshold, abs=0.01)
    assert fitted.trained_on == shipped.trained_on
    for of_one, of_other in zip(fitted.weights, shipped.weights, strict=True):
        assert of_one == pytest.approx(of_other, abs=0.02)
