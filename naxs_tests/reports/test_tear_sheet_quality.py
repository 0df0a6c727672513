"""Findings of the quality rules, gathered by verdict and by year."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from naxs_assets.market.quality.registry import Verdict
from naxs_assets.pages.blocks import Details, Note
from naxs_assets.pages.messages import catalogue
from naxs_assets.reports.tear_sheet_inputs import SCHEMAS, TearSheet
from naxs_assets.reports.tear_sheet_quality import findings_by_verdict, quality, touched_rows
from naxs_tests.reports.sample import REAL

PRICES = "market/prices"


def findings(*rows: tuple[str, str, str, int, float, str, str]) -> pl.DataFrame:
    """Rows of month, rule, verdict, rows, share, sample and note."""
    return pl.DataFrame(
        [
            (PRICES, m, r, "critical", v, n, share, keys, note)
            for m, r, v, n, share, keys, note in rows
        ],
        schema=SCHEMAS["findings"],
        orient="row",
    )


EXAMPLE = findings(
    ("2023-11", "ohlc", "pass", 0, 0.0, "", ""),
    ("2023-12", "ohlc", "quarantined", 2, 0.002, "600519.SH 2023-12-04, 600519.SH 2023-12-05", ""),
    ("2024-01", "ohlc", "quarantined", 3, 0.003, "000001.SZ 2024-01-02, 000002.SZ 2024-01-03", ""),
    ("2023-11", "zero", "not_applicable", 0, 0.0, "", "declared gap: amount"),
    ("2023-12", "zero", "not_applicable", 0, 0.0, "", "declared gap: amount"),
    ("2023-12", "factor", "repaired", 7, 0.007, "300750.SZ 2023-12-11", "one factor moved"),
    ("2024-01", "schema", "quarantined", 1, 0.001, "600000.SH 2024-01-02", ""),
)


def test_gathered_by_verdict_the_harshest_first() -> None:
    found = findings_by_verdict(EXAMPLE)
    assert found.rows() == [
        (PRICES, "schema", "quarantined", 1, 1, 0.001, "600000.SH 2024-01-02", ""),
        (
            PRICES,
            "ohlc",
            "quarantined",
            2,
            5,
            0.003,
            "600519.SH 2023-12-04, 600519.SH 2023-12-05, 000001.SZ 2024-01-02",
            "",
        ),
        (PRICES, "factor", "repaired", 1, 7, 0.007, "300750.SZ 2023-12-11", "one factor moved"),
        (PRICES, "zero", "not_applicable", 2, 0, 0.0, "", "declared gap: amount"),
        (PRICES, "ohlc", "pass", 1, 0, 0.0, "", ""),
    ]


def test_of_many_notes_the_first_are_shown_and_the_rest_counted() -> None:
    notes = ["3 of 9", "3 of 9", "4 of 9", "5 of 9", "6 of 9"]
    noted = findings(
        *((f"2023-{month:02d}", "zero", "pass", 0, 0.0, "", n) for month, n in enumerate(notes, 1))
    )
    assert findings_by_verdict(noted)["note"].to_list() == ["3 of 9; 4 of 9; … (+2)"]


def test_rows_quarantined_and_repaired_by_year() -> None:
    assert touched_rows(EXAMPLE).rows() == [("2023", PRICES, 2, 7), ("2024", PRICES, 4, 0)]


def test_a_rule_that_this_code_does_not_know_comes_last_of_its_verdict() -> None:
    unknown = findings(("2024-01", "moon", "quarantined", 1, 0.1, "600000.SH 2024-01-02", ""))
    found = findings_by_verdict(pl.concat([unknown, EXAMPLE]))
    assert found["rule"].to_list()[:3] == ["schema", "ohlc", "moon"]


def test_what_the_source_lacks_is_shown_as_its_mapping_words_it() -> None:
    lacking = replace(REAL, gaps=("amount: not recorded", "67 former members have no prices"))
    for found in (EXAMPLE, EXAMPLE.clear()):
        sheet = TearSheet("s", "d", lacking, "000300.SH", 1e6, findings=found)
        declared = quality(sheet).blocks[-1]
        assert isinstance(declared, Details)
        assert [note.text for note in declared.blocks if isinstance(note, Note)] == [*lacking.gaps]


def test_every_verdict_has_a_text() -> None:
    assert {f"verdict.{verdict.value}" for verdict in Verdict} <= set(catalogue())
