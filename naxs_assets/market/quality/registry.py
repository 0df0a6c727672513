"""Every quality rule once: what it asks, how bad breaking it is, and above which figure.

Ids, texts and severities follow section 5 of the market-data reference; thresholds are judgements.
The contracts, the rules of rows, the engine of cross-row rules, the asset checks and the reports
all read this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from naxs_assets.market.sources.base import DeclaredGaps

ALWAYS_ALLOWED = 3
"""This many broken rows never refuse a month: on its first days a few rows are a large share."""

FEWER_TRADED = 0.75
"""With fewer rows that are not suspended than this share of the usual number, a day is told of. In
July 2015 a third of the market was suspended, so that refuses nothing."""

HALF_TRADED = 0.5
"""With even fewer the day is refused: a source without rows of suspended days lost some."""


class Severity(StrEnum):
    """How bad the rule's worst finding is: a critical one blocks, a warning never does."""

    CRITICAL = "critical"
    WARNING = "warning"


class Scope(StrEnum):
    """What a rule judges, and so when.

    A row by its own cells; a month of prices against the month before and the reference tables;
    a whole table; what a pull brought; or the clock at which somebody looks.
    """

    ROW = "row"
    MONTH = "month"
    TABLE = "table"
    PULL = "pull"
    CLOCK = "clock"


class Verdict(StrEnum):
    """What became of a rule in one month, mildest first.

    ``partly``: nothing broke it, on the part of the rows that has the columns it needs.
    ``critical``: broken beyond its critical threshold; a month of prices is then ``refused``.
    """

    PASS = "pass"  # noqa: S105 - a verdict, no password
    PARTLY = "partly"
    NOT_APPLICABLE = "not_applicable"
    WARN = "warn"
    REPAIRED = "repaired"
    QUARANTINED = "quarantined"
    CRITICAL = "critical"
    REFUSED = "refused"


HARMLESS = frozenset({Verdict.PASS, Verdict.PARTLY, Verdict.NOT_APPLICABLE})
"""Verdicts of a rule that nothing broke."""


@dataclass(frozen=True)
class Rule:
    """One quality rule; ``check`` is its name as an asset check in the Dagster UI.

    A finding is a warning when its observed figure lies above ``warning`` and critical above
    ``critical`` (below them when ``below``); None for never. ``unit`` is the figure's: ``share`` of
    the judged rows, or in words. Up to ``tolerated`` rows never make a share critical.
    ``needs`` lists alternatives: of each set of columns at least one must not be a declared gap.
    """

    id: str
    check: str
    scope: Scope
    text_zh: str
    text_en: str
    warning: float | None
    critical: float | None
    unit: str = "share"
    below: bool = False
    tolerated: int = ALWAYS_ALLOWED
    severity: Severity = Severity.CRITICAL
    needs: tuple[frozenset[str], ...] = ()

    def missing(self, gaps: DeclaredGaps) -> list[frozenset[str]]:
        """The needs of which every column is a declared gap."""
        return [need for need in self.needs if need <= gaps.columns]

    def crosses(self, observed: float, threshold: float | None) -> bool:
        """Whether the figure lies on the wrong side of a threshold."""
        if threshold is None:
            return False
        return observed < threshold if self.below else observed > threshold

    def judge(self, observed: float | None, rows: int) -> Verdict:
        """The verdict of a figure that ``rows`` broken keys gave; None is that of none."""
        if observed is None or rows == 0:
            return Verdict.PASS
        if self.crosses(observed, self.critical) and rows > self.tolerated:
            return Verdict.CRITICAL
        worst = self.warning if self.warning is not None else self.critical
        return Verdict.WARN if self.crosses(observed, worst) else Verdict.PASS

    def threshold(self, verdict: Verdict) -> float | None:
        """The figure that was crossed, or would have been first."""
        if verdict in (Verdict.CRITICAL, Verdict.REFUSED) or self.warning is None:
            return self.critical
        return self.warning


_AMOUNT = (frozenset({"amount"}),)
_CHANGE = (frozenset({"change", "pre_close"}),)

_ROWS = (
    Rule(
        "schema", "cells_are_readable", Scope.ROW,
        "单元格可解析；主键以及有成交的行的开高低收与成交量不缺失",
        "every cell is readable; the key, and OHLC and volume of traded rows, are present",
        0.0, 0.05,
    ),
    Rule(
        "calendar", "every_open_day_has_rows", Scope.ROW,
        "只在交易日有行情，且每个交易日都有行情",
        "rows lie on open days only, and every open day has rows",
        0.0, 0.01,
    ),
    Rule(
        "key", "one_row_per_symbol_and_day", Scope.ROW,
        "（证券代码，日期）唯一",
        "(symbol, date) is unique",
        0.0, 0.05,
    ),
    Rule(
        "ohlc", "prices_within_low_and_high", Scope.ROW,
        "最低价 <= 开盘价、收盘价 <= 最高价，且均为正",
        "low <= open, close <= high, and all are positive",
        0.0, 0.05,
    ),
    Rule(
        "zero", "no_volume_means_suspended", Scope.ROW,
        "成交量为零 <=> 成交额为零 <=> 停牌",
        "volume = 0 <=> amount = 0 <=> suspended",
        0.0, 0.05, needs=_AMOUNT,
    ),
    Rule(
        "factor", "factor_agrees_with_change", Scope.ROW,
        "复权因子为正，且与涨跌幅一致（误差不超过 0.1 个百分点）",
        "adj_factor is positive and agrees with the change within 0.1 point",
        0.0, 0.05, needs=(frozenset({"adj_factor"}), *_CHANGE),
    ),
    Rule(
        "limit", "prices_stay_within_limits", Scope.ROW,
        "最高价不超过涨停价，最低价不低于跌停价（允许一个最小变动价位）",
        "high <= limit up and low >= limit down, within one tick",
        0.0, 0.001, severity=Severity.WARNING, needs=_CHANGE,
    ),
)  # fmt: skip

_MONTHS = (
    Rule(
        "vwap", "vwap_within_low_and_high", Scope.MONTH,
        "成交额除以成交量落在最低价与最高价之间（未复权，容差 0.1% 加一手）",
        "amount / volume lies between low and high, unadjusted, within 0.1 % and a lot",
        0.0, 0.005, needs=_AMOUNT,
    ),
    Rule(
        "unit", "units_agree_by_board_day", Scope.MONTH,
        "每个来源、板块、交易日的成交额 /（成交量 x 收盘价）中位数接近 1：单位未变",
        "the median of amount / (volume x close) of a source, board and day is near 1: same units",
        None, 1.25, "ratio to 1", tolerated=0, needs=_AMOUNT,
    ),
    Rule(
        "preclose", "previous_close_continues", Scope.MONTH,
        "非除权日的前收盘价等于上一交易日收盘价",
        "pre_close is the close of the day before, save on ex-dates",
        0.0, None, severity=Severity.WARNING, needs=_CHANGE,
    ),
    Rule(
        "missing", "listed_symbols_have_rows", Scope.MONTH,
        "已上市、未停牌的证券每个交易日都有行情",
        "a listed symbol that is not suspended has a row on every open day",
        0.0, 0.01, "share of a day's symbols",
    ),
    Rule(
        "rowcount", "row_count_is_steady", Scope.MONTH,
        "当日行数不少于前 20 个交易日中位数的 97%，有交易的行数不少于 75%（不足一半即严重）",
        "a day has at least 0.97 of the median number of rows of the 20 days before, and 0.75 of "
        "that of rows not suspended (half: critical)",
        0.97, 0.90, "ratio", below=True, tolerated=0,
    ),
    Rule(
        "stale", "bars_differ_from_yesterday", Scope.MONTH,
        "有成交的行情不与上一交易日完全相同",
        "a traded bar is not the same, in every figure, as that of the day before",
        0.0, 0.20, "share of a day's symbols",
    ),
    Rule(
        "life", "rows_within_listing", Scope.MONTH,
        "行情在上市日与退市日之间，且每只证券只有一个永久身份",
        "rows lie between list and delist date, and an instrument has one permanent identity",
        None, 0.0, tolerated=0,
    ),
)  # fmt: skip

_TABLES = (
    Rule(
        "survivor", "delisted_symbols_are_kept", Scope.TABLE,
        "期间退市的证券都在行情中（严重）；指数成分股都在行情中（警告）",
        "symbols delisted in the span are in the prices (critical), members of the index (warning)",
        0.0, 1.0, "1 a member, 2 a delisted symbol", tolerated=0,
    ),
    Rule(
        "index_size", "index_has_its_members", Scope.TABLE,
        "沪深300 有 300±2 只成分股；权重之和为 1±0.005",
        "the CSI 300 has 300±2 members; weights, where known, sum to 1±0.005",
        0.0, 2.0, "members off 300", tolerated=0,
    ),
    Rule(
        "point_in_time", "known_before_it_is_used", Scope.TABLE,
        "成分股按生效日计入，公告不晚于生效；可用时刻不早于公告",
        "members count by effective date, announced no later; nothing is available before it is "
        "announced",
        None, 0.0, "rows", tolerated=0,
    ),
    Rule(
        "raw_only", "no_adjusted_price_is_stored", Scope.TABLE,
        "不存储复权价，复权在读取时计算",
        "no adjusted price is stored; adjustment is computed on reading",
        None, 0.0, "columns", tolerated=0,
    ),
    Rule(
        "time", "dates_and_instants_are_typed", Scope.TABLE,
        "日期为上海日期，时刻为 UTC",
        "dates are Shanghai days, instants are UTC",
        None, 0.0, "columns", tolerated=0,
    ),
)  # fmt: skip

_PULLS = (
    Rule(
        "recon", "two_sources_agree", Scope.PULL,
        "两个来源的抽样行情一致：收盘价差 0.01 元内，成交量与成交额差 0.5% 内",
        "two sources agree on a sample: close within 0.01 CNY, volume and amount within 0.5 %",
        0.0, 0.02,
    ),
    Rule(
        "restated", "past_is_not_restated", Scope.PULL,
        "重取的历史月份与已存内容相同",
        "a past month that is fetched again is what it was",
        0.0, None, "rows", severity=Severity.WARNING,
    ),
    Rule(
        "partial_bar", "bars_are_final", Scope.PULL,
        "当日 15:30（上海）前取得的行情不是最终值，不发布",
        "a bar fetched before 15:30 Shanghai of its day is not final and is not published",
        None, 0.0, "rows", tolerated=0,
    ),
)  # fmt: skip

_CLOCKS = (
    Rule(
        "fresh", "last_day_is_in_time", Scope.CLOCK,
        "最近交易日的行情在 18:30（上海）前齐全，10 分钟后告警",
        "the bars of the last open day are complete by 18:30 Shanghai; 10 minutes later is late",
        0.0, 10.0, "minutes late", tolerated=0,
    ),
    Rule(
        "horizon", "calendar_reaches_ahead", Scope.CLOCK,
        "交易日历至少覆盖未来 30 天，少于 5 天为严重",
        "the calendar reaches at least 30 days ahead; fewer than 5 is critical",
        30.0, 5.0, "days", below=True, tolerated=0,
    ),
)  # fmt: skip

RULES: dict[str, Rule] = {rule.id: rule for rule in (*_ROWS, *_MONTHS, *_TABLES, *_PULLS, *_CLOCKS)}
"""Every rule by its id; those of rows in the order in which a row meets them."""

ROW_RULES: tuple[str, ...] = tuple(rule.id for rule in _ROWS)
"""Rules that the making of a month asks of each raw row."""

MONTH_RULES: tuple[str, ...] = tuple(rule.id for rule in _MONTHS)
"""Rules that a finished month must meet before it is published."""
