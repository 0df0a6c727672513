"""``naxs run`` makes nothing of features that leak, until they are mended."""

from __future__ import annotations

from datetime import date

from naxs_tests.cli.conftest import Naxs
from naxs_tests.graph.small import write_home
from naxs_tests.graph.test_leaks import TOMORROW, plant


def test_features_that_leak_stop_this_run_and_the_next_until_they_are_mended(naxs: Naxs) -> None:
    operator = plant(write_home(naxs.home, names=30, last=date(2021, 10, 29)))
    for _ in range(2):
        said = naxs.refusal("run", "tiny", code=1)
        assert "nothing is made of features that leak" in said
        assert "features/few truncation_invariance: NEXT of " in said
        assert "is stored as" in said
        assert "and is None when computed again" in said
        assert "asset checks of features/few" in said
        assert "mend or remove the feature in the catalogue and run again" in said
        assert "tiny/dataset" not in {asset for asset, _ in naxs.hashes()}

    operator.write_text(TOMORROW.replace("later[:-1] = values[1:]", "later[:] = values"))
    naxs("run", "tiny")
    assert "tiny/report" in {asset for asset, _ in naxs.hashes()}
