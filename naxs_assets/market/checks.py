"""The quality rules as asset checks: what each rule found in the current months of prices."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from naxs_assets.lineage.publishing import Lineage
from naxs_assets.market.rules import RULES, Rule, Verdict

_PRICES = dg.AssetKey(["market", "prices"])
_SHOWN_MONTHS = 12


def price_checks(lineage: Lineage) -> dg.AssetChecksDefinition:
    """One check per rule of ``market/prices``, over every month made so far.

    A month that breaks a rule beyond its share is refused before publishing, so these checks
    never block: they show what was quarantined, repaired or let through with a warning.
    """
    rules = list(RULES.values())
    specs = [
        dg.AssetCheckSpec(
            name=f"rule_{rule.id}", asset=_PRICES, description=f"{rule.text_zh} {rule.text_en}"
        )
        for rule in rules
    ]

    @dg.multi_asset_check(specs=specs, name="price_rules")
    def check() -> Iterator[dg.AssetCheckResult]:
        months = {
            version.partition: version.metadata["findings"]
            for version in lineage.ledger.current_versions("market/prices")
        }
        for rule in rules:
            yield _result(rule, months)

    return check


def _result(rule: Rule, months: dict[str, list[dict[str, Any]]]) -> dg.AssetCheckResult:
    found = [
        {"month": month, **finding}
        for month, findings in months.items()
        for finding in findings
        if finding["rule"] == rule.id
    ]
    not_applicable = bool(found) and all(
        finding["verdict"] == Verdict.NOT_APPLICABLE for finding in found
    )
    broken = [
        finding
        for finding in found
        if finding["verdict"] not in (Verdict.PASS, Verdict.NOT_APPLICABLE)
    ]
    worst = sorted(broken, key=lambda finding: -finding["rows"])[:_SHOWN_MONTHS]
    return dg.AssetCheckResult(
        check_name=f"rule_{rule.id}",
        asset_key=_PRICES,
        passed=not broken,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "applicable": not not_applicable,
            "months": len(months),
            "months_with_findings": len({finding["month"] for finding in broken}),
            "rows": sum(finding["rows"] for finding in broken),
            "worst_months": worst,
        },
    )
