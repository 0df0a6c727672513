"""A refusal is open until its place is made, or its source is again what stands there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from naxs_assets.errors import DataError
from naxs_assets.lineage.monthly import Made, Make, Refused
from naxs_assets.lineage.publishing import Lineage, PartitionsRefusedError
from naxs_assets.lineage.recipe import Recipe
from naxs_assets.lineage.refusals import open_refusals
from naxs_tests.lineage.support import a_recipe, numbers, publish

MONTH = "2020-02"
BAD = -1.0


class Vendor:
    """A source of one value, which the recipe reads outside the ledger."""

    def __init__(self) -> None:
        self.value = 1.0

    @property
    def recipe(self) -> Recipe:
        return a_recipe("bars", externals=lambda _: {"vendor": str(self.value)})

    def make(self) -> Make:
        def make(pending: Iterator[str]) -> Iterator[Made | Refused]:
            for month in pending:
                if self.value == BAD:
                    yield Refused(month, DataError("bad"))
                else:
                    yield Made(month, numbers(month, self.value))

        return make

    def runs(self, lineage: Lineage) -> None:
        publish(lineage, self.recipe, self.make(), [MONTH])

    def is_refused(self, lineage: Lineage) -> None:
        self.value = BAD
        with pytest.raises(PartitionsRefusedError):
            self.runs(lineage)

    def still_refused(self, lineage: Lineage) -> list[str]:
        return [one.partition for one in open_refusals(lineage.library, {"bars": self.recipe})]


def test_a_refusal_is_open_though_nothing_was_ever_made(lineage: Lineage) -> None:
    vendor = Vendor()
    vendor.is_refused(lineage)
    assert vendor.still_refused(lineage) == [MONTH]
    assert open_refusals(lineage.library, {}) == []


def test_it_is_over_when_the_place_is_made_anew(lineage: Lineage) -> None:
    vendor = Vendor()
    vendor.is_refused(lineage)
    vendor.value = 2.0
    vendor.runs(lineage)
    assert vendor.still_refused(lineage) == []


def test_it_is_over_when_the_source_is_again_what_stands(lineage: Lineage) -> None:
    vendor = Vendor()
    vendor.runs(lineage)
    vendor.is_refused(lineage)
    assert vendor.still_refused(lineage) == [MONTH]
    vendor.value = 1.0
    assert vendor.still_refused(lineage) == []
