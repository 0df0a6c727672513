"""Waivers: read strictly, narrow as written, and expiring."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from naxs_assets.errors import ConfigurationError
from naxs_assets.market.waivers import WAIVERS_FILE, Waiver, load_waivers

RULES = ("limit", "key")


def waiver(**changes: object) -> Waiver:
    facts = {"rule": "limit", "reason": "relisting", "by": "ann", "until": "2024-01-31"}
    return Waiver.model_validate({**facts, **changes})


def test_a_waiver_without_bounds_covers_every_finding_of_its_rule() -> None:
    assert waiver().covers("limit", "600519.SH", date(2023, 12, 28))
    assert waiver().covers("limit", None, None)
    assert not waiver().covers("key", "600519.SH", date(2023, 12, 28))


def test_a_waiver_covers_only_the_symbols_and_days_it_names() -> None:
    narrow = waiver(symbols=["000792.SZ"], first="2021-08-10", last="2021-08-10")
    assert narrow.covers("limit", "000792.SZ", date(2021, 8, 10))
    assert not narrow.covers("limit", "000792.SZ", date(2021, 8, 11))
    assert not narrow.covers("limit", "600519.SH", date(2021, 8, 10))
    assert not narrow.covers("limit", "000792.SZ", None)


def test_a_waiver_holds_through_its_last_day() -> None:
    assert waiver().holds(date(2024, 1, 31))
    assert not waiver().holds(date(2024, 2, 1))


def test_a_home_without_the_file_has_no_waivers(tmp_path: Path) -> None:
    assert load_waivers(tmp_path, RULES) == ()


def test_waivers_are_read_from_the_home(tmp_path: Path) -> None:
    (tmp_path / WAIVERS_FILE).write_text(
        "- {rule: limit, symbols: [000792.SZ], reason: relisting, by: ann, until: 2024-01-31}\n"
    )
    assert load_waivers(tmp_path, RULES) == (waiver(symbols=["000792.SZ"]),)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- {rule: limit, by: ann, until: 2024-01-31}", "reason"),
        ("- {rule: limit, reason: '', by: ann, until: 2024-01-31}", "reason"),
        ("- {rule: limit, reason: x, by: ann}", "until"),
        ("- {rule: nonsense, reason: x, by: ann, until: 2024-01-31}", "no rule 'nonsense'"),
        ("- {rule: limit, reason: x, by: ann, until: 2024-01-31, symbol: a}", "symbol"),
        (
            "- {rule: limit, reason: x, by: a, until: 2024-01-31, "
            "first: 2024-01-02, last: 2024-01-01}",
            "first is after last",
        ),
        ("limit", "must be a list"),
    ],
)
def test_a_bad_waiver_is_refused_by_name(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / WAIVERS_FILE).write_text(text)
    with pytest.raises(ConfigurationError) as raised:
        load_waivers(tmp_path, RULES)
    assert told in raised.value.what
    assert str(tmp_path / WAIVERS_FILE) in raised.value.where
