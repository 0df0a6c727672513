"""What stands between a made month of prices and its publication."""

from __future__ import annotations

import polars as pl

from naxs_assets.market.quality.months import judge_month
from naxs_assets.market.quality.registry import RULES, Verdict
from naxs_assets.market.rules import FINDINGS, MonthRefused
from naxs_assets.market.sources.base import DeclaredGaps, FactorPolicy


def publishable(
    prices: pl.DataFrame,
    findings: pl.DataFrame,
    *,
    month: str,
    instruments: pl.DataFrame,
    previous: pl.DataFrame | None,
    gaps: DeclaredGaps,
) -> pl.DataFrame:
    """``findings`` of the rules of rows, and below them those of the rules across rows.

    Raises ``MonthRefused`` when a rule is broken beyond its critical threshold: the month is then
    not published and never replaces a good version.
    """
    answer = judge_month(prices, month=month, instruments=instruments, previous=previous, gaps=gaps)
    critical = pl.col("verdict") == Verdict.CRITICAL.value
    verdict = pl.when(critical).then(pl.lit(Verdict.REFUSED.value)).otherwise("verdict")
    found = pl.concat([findings, answer.findings.with_columns(verdict=verdict).select(*FINDINGS)])
    refused = answer.findings.filter(critical)
    if refused.height:
        raise _refusal(f"market/prices {month}", refused, found, answer.failures)
    return found


def _refusal(
    where: str, refused: pl.DataFrame, findings: pl.DataFrame, failures: pl.DataFrame
) -> MonthRefused:
    first = refused.row(0, named=True)
    rule = RULES[first["rule"]]
    others = ", ".join(refused.get_column("rule")[1:])
    also = f"; also broken: {others}" if others else ""
    return MonthRefused(
        f"{where} refused by rule {rule.id} ({rule.text_en}): observed {first['observed']:.4g} "
        f"({rule.unit}), allowed {rule.critical:.4g}; {first['rows']} of {first['judged']} judged "
        f"break it, {first['note']}{also}",
        where=f"for example {first['sample']}",
        remedy="nothing was published and what was stored before stays; correct the source's "
        "file or its mapping (columns, units, declared gaps) and run the month again",
        findings=findings,
        failures=failures.filter(pl.col("rule").is_in(refused.get_column("rule").to_list())),
    )


def accepted_repairs(prices: pl.DataFrame, policy: FactorPolicy) -> dict[str, object]:
    """What was proposed as a repair of the factor, and who accepted it, for the record.

    The version that carries it tells when, and in whose name the run was.
    """
    proposed = prices.filter(pl.col("repaired") == "adj_factor")
    if proposed.is_empty():
        return {}
    keys = proposed.select("symbol", pl.col("date").cast(pl.String))
    return {
        "repairs": {
            "field": "adj_factor",
            "proposal": "the ratio of the day is previous close / pre_close, later ratios stay",
            "accepted_by": f"policy factor: {policy.value}",
            "rows": proposed.height,
            "keys": [f"{symbol} {day}" for symbol, day in keys.head(20).rows()],
        }
    }
