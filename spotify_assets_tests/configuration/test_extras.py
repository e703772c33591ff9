"""A store whose package is not installed says which to install."""

import subprocess
import sys

# Python finds no package of an SDK, as where the extra was never installed.
WITHOUT = """
import sys
for name in ("boto3", "azure", "google"):
    sys.modules[name] = None
from spotify_assets.configuration.secret_store import store_at
for address in ("aws:x", "azure:x", "gcp:x"):
    try:
        store_at(address)
    except Exception as error:
        print(type(error).__name__, error)
"""


def test_a_store_whose_package_is_not_installed_says_which_to_install() -> None:
    said = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True
    ).stdout.splitlines()

    assert len(said) == 3
    for kind, line in zip(("aws", "azure", "gcp"), said, strict=True):
        assert line.startswith("ConfigurationError ")
        assert f"pip install 'spotify-assets[{kind}]'" in line
