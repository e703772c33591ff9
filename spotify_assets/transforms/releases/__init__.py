"""What the downloads of a label say together: each number once, of the release that it is of.

Belongs here: which file counts, and what follows from several. Does not belong here: reading files,
storing tables, and which release a name means (``matching``).
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import polars as pl

from spotify_assets.schemas import Contract, releases
from spotify_assets.transforms.releases.matching import Declared, Matched

DECLARED = "declared"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class File:
    """A file as the lake holds it."""

    facts: Mapping[str, Any]
    """What is known of it; `file_id` among it."""
    rows: pl.DataFrame
    broken: pl.DataFrame


Tables = dict[type[Contract], pl.DataFrame]


def version() -> str:
    """The same for the same tables from the same files."""
    package = resources.files(__package__)
    names = ("__init__.py", "matching.py")
    texts = [package.joinpath(name).read_text(encoding="utf-8") for name in names]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:8]


def derive(files: Iterable[File]) -> Tables:
    """All tables of releases, by the rules of docs/releases.md.

    Args:
        files: Every file of the lake.
    """
    in_order = sorted(files, key=lambda file: (*_times(file), file.facts["file_id"]))
    declared = _declared(in_order)
    data = [file for file in in_order if file.facts["kind"] != DECLARED]
    matched = [(file, declared.match(file.facts, file.rows)) for file in data]
    made: Tables = {
        releases.DimArtistProfile: _rows(releases.DimArtistProfile, declared.artists),
        releases.DimRelease: _rows(releases.DimRelease, declared.releases),
    }
    revisions = []
    contract: type[Contract]
    for contract, kind, subject in (
        (releases.FactStreamsDaily, "song_streams", "release_id"),
        (releases.FactAudienceDaily, "audience", "artist_id"),
    ):
        told = _told(matched, kind, contract, {})
        made[contract] = _newest(told, contract)
        revisions.append(_revisions(told, contract, subject))
    for contract, kind, renamed in (
        (releases.FactSongWindow, "songs", {}),
        (releases.FactPlaylistWindow, "playlists", {"title": "playlist", "date_added": "added_on"}),
        (releases.FactLinkDaily, "links", {}),
    ):
        made[contract] = _newest(_told(matched, kind, contract, renamed), contract)
    made[releases.FactCampaignDaily] = _campaigns(matched)
    made[releases.FactSaleMonthly] = _sales(matched)
    made[releases.ReleaseRevisions] = pl.concat(revisions)
    made[releases.QuarantinedReleaseRows] = _quarantined(data)
    made[releases.ReleaseFiles] = _account(matched)
    return made


def _times(file: File) -> tuple[str, str]:
    return str(file.facts["downloaded_at"]), str(file.facts["imported_at"])


def _declared(in_order: Sequence[File]) -> Declared:
    """What the newest ``releases.toml`` says."""
    said = [file.facts["declared"] for file in in_order if file.facts["kind"] == DECLARED]
    return declared_by(said[-1]) if said else Declared([], [])


def declared_by(said: Mapping[str, Any]) -> Declared:
    """What a ``releases.toml`` says, by the names of the tables."""
    renamed = {"artist": "artist_id", "date": "released_on"}
    rows = [{renamed.get(k, k): v for k, v in one.items()} for one in said["releases"]]
    return Declared(said["artists"], rows)


def _rows(contract: type[Contract], said: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    names = list(contract.polars_schema())
    frame = pl.DataFrame(
        [{name: one.get(name) for name in names} for one in said],
        schema=dict.fromkeys(names, pl.String),
    )
    return frame.with_columns(
        pl.col(name).str.to_date()
        for name, dtype in contract.polars_schema().items()
        if dtype == pl.Date
    )


def _told(
    matched: Sequence[tuple[File, Matched]],
    kind: str,
    contract: type[Contract],
    renamed: Mapping[str, str],
) -> pl.DataFrame:
    """Rows of a kind with the release that each is of, in the order of their downloads."""
    schema = contract.polars_schema()
    keyed = {"downloaded": pl.UInt32(), **schema}
    is_optional = {"release_id"} if contract is releases.FactLinkDaily else set()
    frames = []
    for number, (file, found) in enumerate(matched):
        if file.facts["kind"] != kind:
            continue
        frame = found.rows.rename({k: v for k, v in renamed.items() if k in found.rows.columns})
        frame = frame.with_columns(
            downloaded=pl.lit(number, pl.UInt32),
            file_id=pl.lit(file.facts["file_id"]),
            window_name=pl.lit(file.facts["window"] or UNKNOWN),
            downloaded_on=pl.lit(file.facts["downloaded_at"][:10]).str.to_date(),
        )
        if kind == "links":
            frame = frame.with_columns(pl.col("landing_url").fill_null(file.facts["file_name"]))
        subject = next(iter(schema))
        if subject not in is_optional:
            frame = frame.filter(pl.col(subject).is_not_null())
        frames.append(frame.select(pl.col(name).cast(dtype) for name, dtype in keyed.items()))
    return pl.concat(frames) if frames else pl.DataFrame(schema=keyed)


def _newest(told: pl.DataFrame, contract: type[Contract]) -> pl.DataFrame:
    """Of each key what the last download says."""
    key = contract.key()
    # A sort and its neighbours take a third of the time of `unique`.
    is_last = pl.any_horizontal(pl.col(one) != pl.col(one).shift(-1) for one in key)
    in_order = told.sort(*key, "downloaded", maintain_order=True)
    return in_order.filter(is_last.fill_null(value=True)).select(contract.polars_schema().names())


def _revisions(told: pl.DataFrame, contract: type[Contract], subject: str) -> pl.DataFrame:
    """What a later download says otherwise than the one before it."""
    key = [subject, "date"]
    schema = releases.ReleaseRevisions.polars_schema()
    apart = {"downloaded", "source_line", "file_id", *key}
    measures = [name for name in told.columns if name not in apart]
    several = told.filter(pl.len().over(key) > 1)
    long = several.unpivot(
        measures, index=[*key, "downloaded", "file_id"], variable_name="measure", value_name="later"
    ).sort("downloaded")
    before = {"earlier": "later", "earlier_file_id": "file_id"}
    long = long.with_columns(
        **{name: pl.col(of).shift().over(*key, "measure") for name, of in before.items()},
        table_name=pl.lit(contract.table()),
    )
    changed = long.filter(pl.col("earlier") != pl.col("later")).rename({subject: "subject_id"})
    changed = changed.sort("subject_id", "date", "measure", "downloaded")
    return changed.select(pl.col(name).cast(dtype) for name, dtype in schema.items())


def _with_money(matched: Sequence[tuple[File, Matched]], kind: str) -> pl.DataFrame | None:
    """Rows of a kind with their currency and source, in the order of their downloads."""
    frames = []
    for number, (file, found) in enumerate(matched):
        if file.facts["kind"] != kind:
            continue
        own = [pl.col("currency")] if "currency" in found.rows.columns else []
        frames.append(
            found.rows.with_columns(
                downloaded=pl.lit(number, pl.UInt32),
                file_id=pl.lit(file.facts["file_id"]),
                currency=pl.coalesce(*own, pl.lit(file.facts["currency"]), pl.lit(UNKNOWN)),
                distributor=pl.lit(file.facts["source"]),
            )
        )
    return pl.concat(frames, how="diagonal_relaxed") if frames else None


def _summed(
    told: pl.DataFrame | None, contract: type[Contract], sums: Sequence[str]
) -> pl.DataFrame:
    """Rows of a key added up within a file; of several files the last counts."""
    schema = contract.polars_schema()
    if told is None:
        return pl.DataFrame(schema=schema)
    key = list(contract.key())
    first = [name for name in ("release_id",) if name not in key]
    # A column that the file has not is unknown, not 0.
    added = [pl.when(pl.col(n).count() > 0).then(pl.col(n).sum()).alias(n) for n in sums]
    by_file = told.group_by(*key, "downloaded", "file_id", maintain_order=True).agg(
        *added, *(pl.col(name).first() for name in first)
    )
    return by_file.unique(key, keep="last", maintain_order=True).sort(key)


def _campaigns(matched: Sequence[tuple[File, Matched]]) -> pl.DataFrame:
    contract = releases.FactCampaignDaily
    told = _with_money(matched, "campaigns")
    if told is not None:
        told = told.with_columns(pl.col("result_indicator").fill_null(UNKNOWN))
    made = _summed(told, contract, ("spend", "impressions", "link_clicks", "results"))
    if told is not None:
        made = made.with_columns(
            cost_per_result=pl.when(pl.col("results") > 0).then(pl.col("spend") / pl.col("results"))
        )
    return _as(contract, made)


def _sales(matched: Sequence[tuple[File, Matched]]) -> pl.DataFrame:
    contract = releases.FactSaleMonthly
    told = _with_money(matched, "sales")
    if told is not None:
        told = told.filter(pl.col("release_id").is_not_null())
        told = told.with_columns(pl.col("country").fill_null(UNKNOWN), sales_month="month")
    return _as(contract, _summed(told, contract, ("quantity", "earnings")))


def _as(contract: type[Contract], frame: pl.DataFrame) -> pl.DataFrame:
    schema = contract.polars_schema()
    return frame.select(pl.col(name).cast(dtype) for name, dtype in schema.items())


def _quarantined(data: Sequence[File]) -> pl.DataFrame:
    contract = releases.QuarantinedReleaseRows
    frames = [
        _as(
            contract,
            file.broken.with_columns(
                file_id=pl.lit(file.facts["file_id"]), file_name=pl.lit(file.facts["file_name"])
            ),
        )
        for file in data
        if file.broken.height
    ]
    return pl.concat([pl.DataFrame(schema=contract.polars_schema()), *frames])


def _account(matched: Sequence[tuple[File, Matched]]) -> pl.DataFrame:
    contract = releases.ReleaseFiles
    same = ("file_id", "file_name", "kind", "source", "received", "kept", "duplicate", "sums")
    rows = [
        {
            **{name: file.facts[name] for name in same},
            "window_name": file.facts["window"],
            "downloaded_at": file.facts["downloaded_at"],
            "imported_at": file.facts["imported_at"],
            "quarantined": file.facts["broken"],
            "unmatched": found.unmatched,
            "nearest": found.nearest,
            "notes": list(file.facts["notes"]),
        }
        for file, found in matched
    ]
    times = ("downloaded_at", "imported_at")
    schema = {
        name: pl.String() if name in times else dtype
        for name, dtype in contract.polars_schema().items()
    }
    frame = pl.DataFrame(rows, schema=schema)
    at = (pl.col(one).str.to_datetime("%+", time_zone="UTC") for one in times)
    return frame.with_columns(one.dt.replace_time_zone(None).dt.cast_time_unit("us") for one in at)
