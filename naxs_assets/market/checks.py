"""The quality rules as asset checks: what each rule found in the current months of prices."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from typing import Any

import dagster as dg
import polars as pl

from naxs_assets.lineage.io_manager import metadata_table
from naxs_assets.lineage.publishing import Lineage
from naxs_assets.market.quality.now import judge_now
from naxs_assets.market.quality.panel import WHOLE
from naxs_assets.market.quality.registry import HARMLESS, RULES, Rule, Scope, Severity, Verdict
from naxs_assets.market.waivers import Waiver, with_waivers
from naxs_assets.settings import SHANGHAI

Tables = Mapping[str, pl.DataFrame]

_PRICES = dg.AssetKey(["market", "prices"])
PRICE_CHECKS = {dg.AssetCheckKey(_PRICES, rule.check): rule for rule in RULES.values()}
"""The rule of each check."""

_OF_MONTHS = (Scope.ROW, Scope.MONTH)
_BLOCKING = (Verdict.CRITICAL, Verdict.REFUSED)
_SHOWN_MONTHS = 12
_SHOWN_FACTS = ("month", "verdict", "rows", "judged", "share", "observed", "sample", "note")


def price_checks(
    lineage: Lineage,
    waivers: Callable[[], Sequence[Waiver]],
    pulled: Callable[[], Tables] | None = None,
) -> dg.AssetChecksDefinition:
    """One check per rule, over every month of ``market/prices`` made so far.

    They run after every run that makes prices, and alone when asked. Rules of rows and months were
    asked before a month was published; their checks show what was quarantined, repaired or let
    through. Rules of tables, pulls and the clock are asked now. A check of a critical rule stands
    before the assets downstream and blocks them when it is broken beyond its critical threshold,
    unless ``waivers`` (all of the home) cover everything that breaks it.

    ``pulled`` gives what a live home knows of its pulls, as :func:`judge_now` takes it.
    """
    specs = [
        dg.AssetCheckSpec(
            name=rule.check,
            asset=_PRICES,
            description=f"{rule.text_zh}\n\n{rule.text_en}",
            blocking=rule.severity is Severity.CRITICAL,
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
        chosen = [rule for rule in RULES.values() if rule.check in asked_for]
        if any(rule.scope not in _OF_MONTHS for rule in chosen):
            now = judge_now(lineage, pulled() if pulled else None)
            today = lineage.clock().astimezone(SHANGHAI).date()
            accepted = with_waivers(now.failures, [one for one in waivers() if one.holds(today)])
            waived = dict(accepted.drop_nulls("waived").group_by("rule").len().iter_rows())
            months = {
                **months,
                WHOLE: [
                    {**finding, "waived": waived.get(finding["rule"], 0)}
                    for finding in now.findings.to_dicts()
                ],
            }
        for rule in chosen:
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
    broken = [one for one in applicable if one["verdict"] not in HARMLESS]
    blocks = any(one["verdict"] in _BLOCKING and not _is_waived(one) for one in broken)
    rows = sum(one["rows"] for one in broken)
    worst = sorted(broken, key=lambda one: -one["rows"])[:_SHOWN_MONTHS]
    return dg.AssetCheckResult(
        check_name=rule.check,
        asset_key=_PRICES,
        passed=not broken,
        severity=dg.AssetCheckSeverity.ERROR if blocks else dg.AssetCheckSeverity.WARN,
        description=_in_words(
            rule,
            rows,
            len(broken),
            len(applicable),
            len(found),
            _example(worst[0] if worst else {}),
        ),
        metadata={
            "rule": rule.id,
            "severity": rule.severity.value,
            "rows that break it": rows,
            "rows that a waiver covers": sum(one.get("waived", 0) for one in broken),
            "months with such rows": len(broken),
            "applies to": _applies_to(rule, len(applicable), months.keys()),
            "worst months": metadata_table(
                [{name: one.get(name) for name in _SHOWN_FACTS} for one in worst]
            ),
        },
    )


def _is_waived(finding: Mapping[str, Any]) -> bool:
    return bool(0 < finding["rows"] <= finding.get("waived", 0))


def _applies_to(rule: Rule, applicable: int, months: Set[str]) -> str:
    if rule.scope in _OF_MONTHS:
        return f"{applicable} of {len(months - {WHOLE})} months"
    return f"the {rule.scope.value}" if applicable else "nothing here"


def _example(finding: Mapping[str, Any]) -> str:
    known = (str(finding.get("sample", "")).partition(",")[0], finding.get("note", ""))
    return ": ".join(text for text in known if text)


def _in_words(rule: Rule, rows: int, broken: int, applicable: int, months: int, worst: str) -> str:
    """``worst`` is the first key of the worst finding and what is wrong there."""
    if months and not applicable:
        return "不适用：数据源没有所需的列或表 not applicable: the source lacks what it needs"
    if rule.scope not in _OF_MONTHS:
        return "符合 met" if not broken else f"{rows:,} 处不符 broken by {rows:,} ({worst})"
    if not broken:
        return f"{applicable} 个月均符合 met in all of {applicable} months"
    return (
        f"{applicable} 个月中 {broken} 个月有 {rows:,} 行不符 "
        f"{rows:,} rows break it in {broken} of {applicable} months"
    )
