"""The expressions that are compared with Qlib: every operator of its language in many forms."""

from __future__ import annotations

from collections.abc import Iterator

_CHANGE = "$close/Ref($close,1)-1"
_ROLLING = (
    "Mean",
    "Sum",
    "Std",
    "Var",
    "Max",
    "Min",
    "Med",
    "Count",
    "Skew",
    "Kurt",
    "Mad",
    "Rank",
    "IdxMax",
    "IdxMin",
    "Slope",
    "Rsquare",
    "Resi",
    "WMA",
)
# Qlib refuses a window of 0.3 for these, or ignores it.
_WITHOUT_HALF = frozenset(
    {"IdxMax", "IdxMin", "Kurt", "Mad", "Rank", "Resi", "Rsquare", "Skew", "Slope", "WMA"}
)
_ELEMENTWISE = (
    f"Abs({_CHANGE})",
    "Sign($close-$open)",
    "Log($volume)",
    "Log($volume+1)",
    f"Log({_CHANGE})",
    "Power($close,2)",
    "Power($close-$open,0.5)",
    "Power($high/$low,$close/$open)",
    "$close**2",
    "$close+$open",
    "$close-$open",
    "$close*$volume",
    "$close/$open",
    "1/($close-$open)",
    "2*$close",
    "$close-1.5",
    "10-$close",
    "Add($close,$open)",
    "Sub($high,$low)",
    "Mul($close,$volume)",
    "Div($close,$low)",
    "Greater($open,$close)",
    "Less($open,$close)",
    "Greater($close,10)",
    "Gt($close,$open)",
    "Ge($close,$open)",
    "Lt($close,$open)",
    "Le($close,$open)",
    "Eq($close,$open)",
    "Ne($close,$open)",
    "$close>10",
    "$close>=Mean($close,5)",
    "$close<Ref($close,1)",
    "$close<=$vwap",
    "$open==$close",
    "$open!=$close",
    "And($close>$open,$volume>Ref($volume,1))",
    "Or($close>$open,$volume>Ref($volume,1))",
    "($close>$open)&($volume>Ref($volume,1))",
    "($close>$open)|($volume>Ref($volume,1))",
    "Not($close>$open)",
    "If($close>$open,$high,$low)",
    "If($close>$open,1,0)",
    "If($close-$open,1,$volume)",
    "If(And($close>$open,$volume>0),$volume,0-$volume)",
)
_SHIFTS = (
    "Ref($close,1)",
    "Ref($close,20)",
    "Ref($close,-1)",
    "Ref($close,-5)/Ref($close,-1)-1",
    "Ref($close,0)",
    "Ref(Ref($close,3),-2)",
    "Delta($close,1)",
    "Delta($close,10)",
    "Delta($volume,5)",
    "Delta($close,0)",
)
_PAIRS = (
    ("$close", "$open"),
    ("$close", "Log($volume+1)"),
    ("$close/Ref($close,1)", "Log($volume/Ref($volume,1)+1)"),
    ("$high-$low", "$volume"),
)
_NESTED = (
    "Mean($close>Ref($close,1),5)",
    "Sum(If($close>$open,$volume,0),10)/Sum($volume,10)",
    "Std(Mean($close,5),20)/Mean(Std($close,20),5)",
    "Rank(Corr($close,$volume,10),20)",
    "Max(Rank($volume,5),10)-Min(Rank($volume,5),10)",
    "Slope(Log($volume+1),20)",
    "Ref(Mean($close,5),3)/$close",
    "Delta(Mean($volume,10),5)/Mean($volume,10)",
    "IdxMax(Abs($close-$open),20)",
    "Quantile($high-$low,20,0.9)/$close",
    "Skew($close/Ref($close,1)-1,60)*Kurt($close/Ref($close,1)-1,60)",
    "Cov(Rank($close,10),Rank($volume,10),20)",
    "Mean(Mean(Mean($close,3),5),10)",
    "Count($close>$open,10)",
)


def operator_forms() -> tuple[str, ...]:
    """Every operator of one symbol's days but the exponential means, over windows short and long,
    with and without end."""
    return tuple(dict.fromkeys([*_ELEMENTWISE, *_SHIFTS, *_windows(), *_pairs(), *_NESTED]))


def exponential_forms() -> tuple[str, ...]:
    """The exponential means, under their own name and as windows between 0 and 1."""
    spans = [f"EMA({_CHANGE},{days})" for days in (5, 20, 60)]
    spans += [f"EMA($close,{days})" for days in (4, 10, 30)]
    halves = [f"{name}($close,0.3)" for name in ("EMA", *_ROLLING) if name not in _WITHOUT_HALF]
    return (*spans, "EMA($volume,5)", *halves, "EMA(EMA($close,5),20)/$close")


def _windows() -> Iterator[str]:
    for name in _ROLLING:
        for days in (5, 20, 60):
            yield f"{name}({_CHANGE},{days})"
        for days in (4, 10, 30):
            yield f"{name}($close,{days})"
        yield f"{name}($volume,5)"
        yield f"{name}($close,0)"
    for share in (0, 0.1, 0.5, 0.8, 1):
        for days in (5, 20, 60):
            yield f"Quantile($close,{days},{share})"


def _pairs() -> Iterator[str]:
    for name in ("Corr", "Cov"):
        for left, right in _PAIRS:
            for days in (5, 20, 60):
                yield f"{name}({left},{right},{days})"
