"""Nothing is ever pickled or unpickled, wherever Dagster would have looked for it."""

from __future__ import annotations

import ast
import pickle
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

import naxs_assets
from naxs_assets.cli.running import point_dagster_at
from naxs_assets.definitions import build_defs
from naxs_assets.errors import NaxsError
from naxs_assets.lineage.assets import LINEAGE_IO
from naxs_tests.graph.conftest import Opener
from naxs_tests.graph.small import ASSETS, MONTHS, materialize, write_home

PACKAGE = Path(naxs_assets.__file__).parent

pytestmark = pytest.mark.xdist_group("graph")


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, crater: Path) -> None:
        self._crater = crater

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self._crater,))


PLACES = [
    "market/calendar",
    "plain",
    *(f"{asset}/{month}" for asset in ASSETS if asset != "market/calendar" for month in MONTHS[:4]),
]


def plant(home: Path, crater: Path) -> list[Path]:
    """Put bombs wherever Dagster's default IO manager keeps results, whichever its folder is."""
    bomb = pickle.dumps(Bomb(crater))
    folders = [home, home / "dagster", home / "dagster/artifacts", home / "dagster/storage"]
    bombs = [folder / "storage" / place for folder in folders for place in PLACES]
    for place in bombs:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(bomb)
    return bombs


def test_a_planted_pickle_is_not_executed(
    folder: Path, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, crater = write_home(folder / "home"), folder / "crater"
    monkeypatch.setenv("NAXS_HOME", "")
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    point_dagster_at(home)
    bombs = plant(home, crater)
    with dg.DagsterInstance.get() as instance:
        storage = Path(instance.storage_directory())
        assert storage / "market/prices/2021-07" in bombs, "where Dagster itself would look"
        materialize(opener(home), "2021-07", "2021-10", instance=instance)
    assert not crater.exists()
    pickle.loads(bombs[0].read_bytes())
    assert crater.exists(), "the bomb itself works"


FORBIDDEN = {"pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}


def test_no_module_of_the_package_imports_a_pickler() -> None:
    for file in PACKAGE.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names.append(node.module or "")
            found = FORBIDDEN & {name.split(".")[0] for name in names}
            assert not found, f"{file} imports {found}"
            if isinstance(node, ast.Attribute):
                assert node.attr not in {"read_pickle", "to_pickle", "allow_pickle"}, file


def own_error(definitions: dg.Definitions, *assets: str) -> NaxsError:
    job = definitions.resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance, pytest.raises(NaxsError) as raised:
        job.execute_in_process(
            instance=instance, asset_selection=[dg.AssetKey(name) for name in assets]
        )
    return raised.value


def test_an_asset_outside_the_lineage_store_fails_with_our_words(
    folder: Path, opener: Opener
) -> None:
    platform = opener(write_home(folder / "home"))

    @dg.asset
    def plain() -> int:
        return 1

    @dg.asset
    def below(plain: int) -> int:
        return plain

    @dg.asset(io_manager_key=LINEAGE_IO)
    def raw() -> dict[str, int]:
        return {"a": 1}

    ours = build_defs(platform.settings, platform)
    definitions = dg.Definitions(
        assets=[plain, below, raw], resources=ours.resources, executor=dg.in_process_executor
    )
    stored = own_error(definitions, "plain")
    assert "never pickled" in stored.what
    assert "to_dagster" in stored.remedy
    read = own_error(definitions, "below")
    assert "never unpickled" in read.what
    returned = own_error(definitions, "raw")
    assert returned.what == "raw returned dict"
    assert "to_dagster" in returned.remedy
