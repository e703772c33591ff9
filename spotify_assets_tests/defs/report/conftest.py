"""The warehouse of the tests of the report."""

from spotify_assets_tests.pages.report.conftest import empty, filled

__all__ = ["empty", "filled"]
