"""Lineage under Dagster: ranges in one run, each month's facts in the UI, and never a pickle."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from naxs_assets.errors import DataError
from naxs_assets.lineage.assets import LINEAGE, LINEAGE_IO, LineageAsset, recipes, to_dagster
from naxs_assets.lineage.io_manager import LineageIOManager, RefusingIOManager
from naxs_assets.lineage.monthly import Made, Refused
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.lineage.reader import Reader
from naxs_assets.lineage.reads_summary import reads_summary
from naxs_assets.lineage.recipe import AllMonths, Months
from naxs_assets.partitions import add_months, months_definition
from naxs_tests.lineage.support import a_recipe, numbers, put, small_home

MONTHS = [f"2020-{month:02d}" for month in range(1, 7)]
PARTITIONS = months_definition(MONTHS[0], "2020-06")


def total(reader: Reader, months: Sequence[str]) -> tuple[float, tuple[Any, ...]]:
    """The sum over months that are there, and the handles of all of them."""
    handles = tuple(reader[month] for month in months)
    return sum(h.frame().get_column("value").sum() for h in handles if h), handles


def make_bars(pending: Iterator[str]) -> Iterator[Made]:
    for month in pending:
        facts = {
            "source": "synthetic",
            "plot": "![plot](data:image/png;base64,AA==)",
            "found": [{"rule": "key", "rows": 0}, {"rule": "schema", "rows": 2}],
            "rejected": [],
            "by": {"name": "x", "of": {"names": 3}},
        }
        yield Made(month, numbers(month, int(month[5:])), metadata=facts)


def make_average(pending: Iterator[str], bars: Reader) -> Iterator[Made]:
    for month in pending:
        added, handles = total(bars, [add_months(month, -1), month])
        yield Made(month, numbers(month, added / 2), made_from=handles)


def make_balance(pending: Iterator[str], bars: Reader, previous: Reader) -> Iterator[Made]:
    for month in pending:
        before, earlier = total(previous, [add_months(month, -1)])
        added, handles = total(bars, [month])
        yield Made(month, numbers(month, before + added), made_from=(*handles, *earlier))


def make_report(pending: Iterator[str], balance: Reader) -> Iterator[Made]:
    for partition in pending:
        added, handles = total(balance, list(balance))
        yield Made(partition, numbers(MONTHS[0], added), made_from=handles)


def asset(name: str, generator: Any, **fields: Any) -> LineageAsset:
    return LineageAsset(
        recipe=a_recipe(name, **fields),
        generator=generator,
        description=f"The {name}",
        group="small",
        kinds=frozenset({"polars"}),
        owner="team:research",
    )


GRAPH = [
    asset("market/bars", make_bars),
    asset("small/average", make_average, upstream={"bars": Months("market/bars", back=1)}),
    asset(
        "small/balance",
        make_balance,
        upstream={
            "bars": Months("market/bars"),
            "previous": Months("small/balance", back=1, ahead=-1),
        },
    ),
    asset(
        "small/report",
        make_report,
        monthly=False,
        upstream={"balance": AllMonths("small/balance")},
    ),
]


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "1")
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


def materialize(
    lineage: Lineage,
    instance: dg.DagsterInstance,
    months: Sequence[str] = MONTHS,
    assets: Sequence[LineageAsset] = GRAPH,
    selection: str = "*",
) -> dg.ExecuteInProcessResult:
    """Materialize a range of months in one run."""
    single = dg.BackfillPolicy.single_run()
    return dg.materialize(
        [to_dagster(one, PARTITIONS, single) for one in assets],
        instance=instance,
        resources=resources(lineage),
        selection=selection,
        tags={
            "dagster/asset_partition_range_start": months[0],
            "dagster/asset_partition_range_end": months[-1],
        },
        raise_on_error=False,
    )


def resources(lineage: Lineage) -> dict[str, Any]:
    return {
        LINEAGE: lineage,
        LINEAGE_IO: LineageIOManager(lineage),
        "io_manager": RefusingIOManager(),
    }


def failure(result: dg.ExecuteInProcessResult) -> str:
    """What the failed steps of a run say, causes included."""
    assert not result.success
    errors = [event.step_failure_data.error for event in result.get_step_failure_events()]
    said = []
    while errors:
        error = errors.pop()
        if error is not None:
            said.append(error.message)
            errors.append(error.cause)
    return "\n".join(said)


def metadata(result: dg.ExecuteInProcessResult, name: str) -> dict[str | None, dict[str, Any]]:
    """The metadata of an asset's materializations by partition."""
    return {
        event.partition: {key: value.value for key, value in event.materialization.metadata.items()}
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(name.split("/"))
    }


def values(lineage: Lineage, name: str, months: Sequence[str] = MONTHS) -> list[float]:
    reader = lineage.reader(name)
    return [reader[month].frame().get_column("value")[0] for month in months]


# --- A small graph -------------------------------------------------------------------------------


def test_a_range_is_made_in_one_run(lineage: Lineage, instance: dg.DagsterInstance) -> None:
    assert materialize(lineage, instance).success
    assert values(lineage, "market/bars") == [1, 2, 3, 4, 5, 6]
    assert values(lineage, "small/average") == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
    assert values(lineage, "small/balance") == [1, 3, 6, 10, 15, 21]
    assert values(lineage, "small/report", [""]) == [56]


def test_every_month_shows_its_own_facts(lineage: Lineage, instance: dg.DagsterInstance) -> None:
    result = materialize(lineage, instance, MONTHS[:2])
    for name in ("market/bars", "small/average", "small/balance"):
        facts = metadata(result, name)
        assert list(facts) == MONTHS[:2]
        for month, shown in facts.items():
            version = lineage.ledger.current(name, str(month))
            assert version is not None
            assert shown["naxs/outcome"] == "new"
            assert shown["naxs/version"] == version.short
            assert shown["naxs/version_id"] == str(version.id)
            assert shown["naxs/made_from"] == reads_summary(lineage.ledger.reads(version.id))
            assert Path(shown["naxs/file"]) == lineage.store.local_path(version.uri)
            assert shown["dagster/partition_row_count"] == 1
            assert shown["dagster/row_count"] == 2, "of all months"
            assert "value" in shown["preview"]
    bars = metadata(result, "market/bars")[MONTHS[0]]
    assert bars["plot"].startswith("![plot]")
    assert bars["source"] == "synthetic"
    assert list(metadata(result, "small/report")) == [None]
    report = metadata(result, "small/report")[None]
    assert report["dagster/row_count"] == 1
    assert "dagster/partition_row_count" not in report


def test_facts_are_shown_as_pictures_and_tables(
    lineage: Lineage, instance: dg.DagsterInstance
) -> None:
    (event,) = materialize(
        lineage, instance, MONTHS[:1], GRAPH[:1]
    ).get_asset_materialization_events()
    shown: Any = event.materialization.metadata
    assert isinstance(shown["plot"], dg.MarkdownMetadataValue)
    assert [dict(row.data) for row in shown["found"].records] == [
        {"rule": "key", "rows": 0},
        {"rule": "schema", "rows": 2},
    ]
    assert [column.name for column in shown["found"].schema.columns] == ["rule", "rows"]
    assert shown["rejected"].value == "none"
    assert [list(row.data.values()) for row in shown["by"].records] == [
        ["name", "x"],
        ["of.names", 3],
    ]


def test_to_dagster_a_month_is_made_from_the_same_month() -> None:
    single = dg.BackfillPolicy.single_run()
    balance = to_dagster(GRAPH[2], PARTITIONS, single).get_asset_spec(
        dg.AssetKey(["small", "balance"])
    )
    mapped = {dep.asset_key.to_user_string(): dep.partition_mapping for dep in balance.deps}
    assert mapped["market/bars"] is None
    before = dg.TimeWindowPartitionMapping(
        start_offset=-1, end_offset=-1, allow_nonexistent_upstream_partitions=True
    )
    assert mapped["small/balance"] == before
    average = to_dagster(GRAPH[1], PARTITIONS, single).get_asset_spec(
        dg.AssetKey(["small", "average"])
    )
    assert [dep.partition_mapping for dep in average.deps] == [None]


def test_months_before_the_first_are_recorded_as_absent(
    lineage: Lineage, instance: dg.DagsterInstance
) -> None:
    materialize(lineage, instance, MONTHS[:1])
    version = lineage.ledger.current("small/average", MONTHS[0])
    assert version is not None
    kinds = [(read.partition, read.kind.value) for read in lineage.ledger.reads(version.id)]
    assert kinds == [("2019-12", "absent"), ("2020-01", "version")]


def test_a_second_run_makes_nothing_and_says_so(
    lineage: Lineage, instance: dg.DagsterInstance
) -> None:
    materialize(lineage, instance, MONTHS[:2])
    before = lineage.ledger.current_versions()
    again = materialize(lineage, instance, MONTHS[:2])
    assert again.success
    assert lineage.ledger.current_versions() == before
    facts = metadata(again, "small/balance")
    assert {shown["naxs/outcome"] for shown in facts.values()} == {"up to date"}
    assert {shown["naxs/version_id"] for shown in facts.values()} == {
        str(version.id) for version in before if version.asset == "small/balance"
    }


def test_month_by_month_gives_the_same_as_in_one_run(
    lineage: Lineage, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    materialize(lineage, instance, MONTHS[:3])
    other = small_home(tmp_path / "month by month")
    for month in MONTHS[:3]:
        assert materialize(other, instance, [month]).success
    assert [(v.place, v.content_hash) for v in other.ledger.current_versions()] == [
        (v.place, v.content_hash) for v in lineage.ledger.current_versions()
    ]


def test_a_restated_month_re_makes_exactly_what_was_made_from_it(
    lineage: Lineage, instance: dg.DagsterInstance
) -> None:
    materialize(lineage, instance)
    put(lineage, "market/bars", {MONTHS[3]: numbers(MONTHS[3], 40)})
    result = materialize(lineage, instance, selection="key:small/*")

    def renewed(name: str) -> list[str | None]:
        return [m for m, f in metadata(result, name).items() if f["naxs/outcome"] == "new"]

    assert renewed("small/average") == MONTHS[3:5]
    assert renewed("small/balance") == MONTHS[3:]
    assert renewed("small/report") == [None]
    assert values(lineage, "small/balance") == [1, 3, 6, 46, 51, 57]


def test_a_refused_month_fails_the_run_by_name_and_keeps_the_others(
    lineage: Lineage, instance: dg.DagsterInstance
) -> None:
    def make(pending: Iterator[str]) -> Iterator[Made | Refused]:
        for made in make_bars(pending):
            bad = made.partition == MONTHS[1]
            yield Refused(MONTHS[1], DataError("half the bars are missing")) if bad else made

    result = materialize(lineage, instance, assets=[asset("market/bars", make)])
    assert "market/bars[2020-02] was refused: half the bars are missing" in failure(result)
    assert list(lineage.reader("market/bars")) == [MONTHS[0], *MONTHS[2:]]


def test_a_generator_that_skips_a_month_fails_by_name(
    lineage: Lineage, instance: dg.DagsterInstance
) -> None:
    def make(pending: Iterator[str]) -> Iterator[Made]:
        return (made for made in make_bars(pending) if made.partition != MONTHS[1])

    result = materialize(lineage, instance, assets=[asset("market/bars", make)])
    assert "gave no result for a month it was asked for" in failure(result)
    assert "market/bars[2020-02]" in failure(result)


def test_the_definition_shows_the_contract_and_the_code_version() -> None:
    definition = to_dagster(GRAPH[0], PARTITIONS, dg.BackfillPolicy.single_run())
    spec = definition.get_asset_spec(dg.AssetKey(["market", "bars"]))
    assert spec.metadata["naxs/contract"] == "numbers v1"
    assert spec.metadata["naxs/key"] == "date"
    columns = spec.metadata["dagster/column_schema"].columns
    assert [(column.name, column.type) for column in columns] == [
        ("date", "Date"),
        ("value", "Float64"),
        ("until", "Date"),
    ]
    assert spec.code_version == GRAPH[0].recipe.code_hash[:12]
    assert list(recipes(GRAPH)) == [one.recipe.asset for one in GRAPH]


# --- Never a pickle ------------------------------------------------------------------------------


class Trap:
    """Unpickling it makes a marker file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.marker,))


@dg.asset
def plain() -> int:
    return 1


@dg.asset
def reads_plain(plain: Any) -> None:
    """Loads what was planted for the asset ``plain``."""


@pytest.fixture
def marker(tmp_path: Path, instance: dg.DagsterInstance) -> Path:
    """Pickles planted wherever Dagster's own IO manager would look; unpickled, they leave this."""
    path = tmp_path / "the trap was sprung"
    storage = Path(instance.storage_directory())
    for place in ("plain", "reads_plain", *(f"market/bars/{month}" for month in MONTHS)):
        (storage / place).parent.mkdir(parents=True, exist_ok=True)
        (storage / place).write_bytes(pickle.dumps(Trap(path)))
    return path


def test_the_trap_works_with_the_io_manager_of_dagster(
    marker: Path, instance: dg.DagsterInstance
) -> None:
    dg.materialize([plain, reads_plain], selection=[reads_plain], instance=instance)
    assert marker.exists()


def test_a_planted_pickle_is_not_read_for_a_lineage_asset(
    marker: Path, lineage: Lineage, instance: dg.DagsterInstance
) -> None:
    assert materialize(lineage, instance, MONTHS[:1]).success
    assert not marker.exists()


def test_an_asset_outside_the_lineage_can_neither_read_nor_write_a_pickle(
    marker: Path, lineage: Lineage, instance: dg.DagsterInstance
) -> None:
    for selected, said in ((reads_plain, "never unpickled"), (plain, "never pickled")):
        result = dg.materialize(
            [plain, reads_plain],
            selection=[selected],
            instance=instance,
            resources=resources(lineage),
            raise_on_error=False,
        )
        assert said in failure(result)
        assert "naxs_assets.lineage.assets.to_dagster" in failure(result)
    assert not marker.exists()
    planted = Path(instance.storage_directory(), "plain").read_bytes()
    assert planted == pickle.dumps(Trap(marker)), "the asset's value was written over it"


def test_the_lineage_io_manager_refuses_what_is_no_lineage_result(
    lineage: Lineage, instance: dg.DagsterInstance
) -> None:
    @dg.asset(io_manager_key=LINEAGE_IO)
    def smuggled() -> pl.DataFrame:
        return numbers(MONTHS[0], 1)

    result = dg.materialize(
        [smuggled], instance=instance, resources=resources(lineage), raise_on_error=False
    )
    assert "smuggled returned DataFrame" in failure(result)
    assert lineage.ledger.current_versions() == []
