"""What is made again of a domain that is loaded whole."""

import polars as pl

from spotify_assets.schemas.monitoring import DamagedFiles
from spotify_assets.warehouse.publication.changes import DOMAINS
from spotify_assets.warehouse.publication.comments import Comments
from spotify_assets.warehouse.publication.domain import Domain, DomainChange, domain_changes
from spotify_assets.warehouse.publication.predictions import Predictions
from spotify_assets.warehouse.publication.releases import Releases

NOTHING = DamagedFiles.polars_schema().to_frame()


def files(domain: type[Domain], *names: str) -> pl.DataFrame:
    rows = [{"file": name, "bytes": 1, "modified_ns": 1} for name in names]
    return pl.DataFrame(rows, schema=domain.sources.polars_schema())


def damage(name: str) -> pl.DataFrame:
    return pl.DataFrame([{"file": name}], schema=NOTHING.schema)


def changes(
    domain: type[Domain],
    there: tuple[str, ...],
    loaded: tuple[str, ...],
    damaged: pl.DataFrame = NOTHING,
) -> DomainChange:
    of_file = {domain.sources: files(domain, *loaded)}
    return domain_changes({domain: files(domain, *there)}, of_file, damaged)[domain]


def test_the_same_files_in_any_order_are_no_change() -> None:
    assert not changes(Releases, ("a", "b"), ("b", "a")).is_changed
    assert changes(Releases, ("a", "b"), ("a",)).is_changed
    assert changes(Releases, (), ("a",)).is_changed


def test_a_domain_that_needs_every_file_stays_as_it_was_while_one_is_damaged() -> None:
    change = changes(Releases, ("a", "b"), ("a",), damage("b"))
    assert (change.can_be_made, change.is_changed) == (False, False)


def test_another_does_without_the_damaged_file() -> None:
    change = changes(Predictions, ("a", "b"), (), damage("b"))
    assert (change.can_be_made, change.is_changed) == (True, True)
    assert change.files["file"].to_list() == ["a"]
    assert not changes(Predictions, ("a", "b"), ("a",), damage("b")).is_changed


def test_what_reads_the_tables_of_another_domain_is_made_again_with_it() -> None:
    there: dict[type[Domain], pl.DataFrame] = {
        Releases: files(Releases, "new"),
        Comments: files(Comments, "c"),
    }
    loaded = {Releases.sources: files(Releases), Comments.sources: files(Comments, "c")}
    assert domain_changes(there, loaded, NOTHING)[Comments].is_changed
    assert not domain_changes(there, loaded, damage("new"))[Comments].is_changed


def test_each_domain_comes_after_those_that_it_follows() -> None:
    for place, domain in enumerate(DOMAINS):
        assert set(domain.follows) <= set(DOMAINS[:place])


def test_a_table_of_the_lake_is_of_one_domain() -> None:
    tables = [table for domain in DOMAINS for table in domain.lake_tables]
    assert len(tables) == len(set(tables))
