"""The code hash: it changes with the source that makes an asset, and with nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from naxs_assets.lineage import code_hash as module
from naxs_assets.lineage.code_hash import code_hash

KERNELS = "naxs_assets.factors.kernels"
SOURCES = {
    "__init__.py": "",
    "factors/__init__.py": "",
    "factors/features.py": (
        "import numpy\n"
        "from naxs_assets.factors import panel\n"
        "from naxs_assets.factors.kernels import slope\n"
        "from naxs_assets.lineage.contract import Contract\n"
        "from naxs_assets.pages.chart import draw\n"
        "from naxs_assets.settings import Settings\n"
        "def late():\n"
        "    import naxs_assets.market.units\n"
    ),
    "factors/kernels.py": "raise RuntimeError('this module is heavy to import')\n",
    "factors/panel.py": (
        "from . import shapes\nfrom .windows import last\nfrom ..market import days\n"
    ),
    "factors/shapes.py": "",
    "factors/windows.py": "",
    "factors/unused.py": "",
    "market/__init__.py": "from .fees import rate\n",
    "market/days.py": "import naxs_assets.factors.panel\n",
    "market/fees.py": "",
    "market/units.py": "",
    "lineage/contract.py": "",
    "pages/chart.py": "",
    "settings.py": "",
}
ASSET = ("naxs_assets.factors.features",)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of a few modules in the place of the real one."""

    def forget() -> None:
        for cached in (module._closure, module._imports, module._path):
            cached.cache_clear()

    for name, source in SOURCES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)
    monkeypatch.setattr(module, "_ROOT", tmp_path)
    forget()
    yield tmp_path
    forget()


def changed_by(package: Path, name: str) -> bool:
    """Whether one more comment in a file changes the asset's code hash."""
    before = code_hash(ASSET)
    path = package / name
    path.write_text(path.read_text() + "# changed\n")
    module._imports.cache_clear()
    module._closure.cache_clear()
    return code_hash(ASSET) != before


@pytest.mark.parametrize(
    "name",
    [
        "factors/features.py",
        "factors/kernels.py",  # imported by name
        "factors/panel.py",  # imported from its package
        "factors/shapes.py",  # imported relatively, by a module that is imported
        "factors/windows.py",
        "market/days.py",
        "market/__init__.py",
        "market/fees.py",  # imported by a package's own file
        "market/units.py",  # imported inside a function
        "pages/chart.py",  # a report is made by its pages
    ],
)
def test_every_module_that_makes_the_asset_counts(package: Path, name: str) -> None:
    assert changed_by(package, name)


@pytest.mark.parametrize("name", ["factors/unused.py", "lineage/contract.py", "settings.py"])
def test_what_only_keeps_results_does_not_count(package: Path, name: str) -> None:
    assert not changed_by(package, name)


def test_a_new_import_counts_at_once(package: Path) -> None:
    before = code_hash(ASSET)
    path = package / "factors/panel.py"
    path.write_text(path.read_text() + "from naxs_assets.factors import unused\n")
    module._imports.cache_clear()
    module._closure.cache_clear()
    assert code_hash(ASSET) != before
    assert changed_by(package, "factors/unused.py")


def test_moving_source_between_modules_counts(package: Path) -> None:
    before = code_hash(ASSET)
    (package / "factors/shapes.py").write_text("x = 1\n")
    after = code_hash(ASSET)
    (package / "factors/shapes.py").write_text("")
    (package / "factors/windows.py").write_text("x = 1\n")
    assert len({before, after, code_hash(ASSET)}) == 3


def test_no_module_is_imported_to_be_hashed(package: Path) -> None:
    assert len(code_hash([KERNELS])) == 64  # importing it would raise


def test_the_order_in_which_modules_are_named_does_not_matter(package: Path) -> None:
    both = [KERNELS, *ASSET]
    assert code_hash(both) == code_hash(reversed(both)) == code_hash(ASSET)


def test_a_module_that_does_not_exist_is_named(package: Path) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"naxs_assets\.factors\.nothing"):
        code_hash(["naxs_assets.factors.nothing"])
