"""The quality rules as asset checks: what each rule found in the current months of prices."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from naxs_assets.lineage.io_manager import metadata_table
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.market.rules import RULES, Rule, Verdict

_PRICES = dg.AssetKey(["market", "prices"])
_SHOWN_MONTHS = 12
_SHOWN_FACTS = ("month", "verdict", "rows", "share", "sample", "note")


def price_checks(lineage: Lineage) -> dg.AssetChecksDefinition:
    """One check per rule of ``market/prices``, over every month made so far.

    They run after every run that makes prices, and alone when asked. A month that breaks a rule
    beyond its share is refused before publishing, so these checks never block: they show what was
    quarantined, repaired or let through with a warning.
    """
    specs = [
        dg.AssetCheckSpec(
            name=rule.check, asset=_PRICES, description=f"{rule.text_zh}\n\n{rule.text_en}"
        )
        for rule in RULES.values()
    ]

    @dg.multi_asset_check(specs=specs, name="price_rules", can_subset=True)
    def check(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        months = {
            version.partition: version.metadata["findings"]
            for version in lineage.ledger.current_versions("market/prices")
        }
        asked_for = {key.name for key in context.selected_asset_check_keys}
        for rule in RULES.values():
            if rule.check in asked_for:
                yield _result(rule, months)

    return check


def _result(rule: Rule, months: dict[str, list[dict[str, Any]]]) -> dg.AssetCheckResult:
    found = [
        {"month": month, **finding}
        for month, findings in months.items()
        for finding in findings
        if finding["rule"] == rule.id
    ]
    applicable = [one for one in found if one["verdict"] != Verdict.NOT_APPLICABLE]
    broken = [one for one in applicable if one["verdict"] != Verdict.PASS]
    rows = sum(one["rows"] for one in broken)
    worst = sorted(broken, key=lambda one: -one["rows"])[:_SHOWN_MONTHS]
    return dg.AssetCheckResult(
        check_name=rule.check,
        asset_key=_PRICES,
        passed=not broken,
        severity=dg.AssetCheckSeverity.WARN,
        description=_in_words(rows, len(broken), len(applicable), len(found)),
        metadata={
            "rule": rule.id,
            "severity": rule.severity.value,
            "rows that break it": rows,
            "months with such rows": len(broken),
            "applies to": f"{len(applicable)} of {len(months)} months",
            "worst months": metadata_table(
                [{name: one[name] for name in _SHOWN_FACTS} for one in worst]
            ),
        },
    )


def _in_words(rows: int, broken: int, applicable: int, months: int) -> str:
    if months and not applicable:
        return "不适用：数据源没有所需的列 not applicable: the source lacks the columns it needs"
    if not broken:
        return f"{applicable} 个月均符合 met in all of {applicable} months"
    return (
        f"{applicable} 个月中 {broken} 个月有 {rows:,} 行不符 "
        f"{rows:,} rows break it in {broken} of {applicable} months"
    )
