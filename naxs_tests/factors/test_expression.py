"""The expression language: what is read, what is refused and how an error looks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naxs_assets.errors import EXIT_USAGE, ConfigurationError
from naxs_assets.factors.expression import ExpressionError
from naxs_assets.factors.operator import ALL_HISTORY, Kind, Role
from naxs_assets.factors.operators import OPERATORS
from naxs_assets.factors.panel import FIELDS, INDUSTRY_FIELDS
from naxs_assets.factors.parser import MAX_DEPTH, parse
from naxs_assets.factors.tree import INFIX


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("$close", "$close"),
        (" ( $close ) ", "$close"),
        ("Ref($close, -2) / Ref($close, -1) - 1", "Ref($close,-2)/Ref($close,-1)-1"),
        ("$open-($close-$low)", "$open-($close-$low)"),
        ("($open-$close)-$low", "$open-$close-$low"),
        ("$open+$close*2.50", "$open+$close*2.5"),
        ("($open+$close)*2.0", "($open+$close)*2"),
        ("$open/($close*2)", "$open/($close*2)"),
        ("-($open+$close)", "-($open+$close)"),
        ("-$open*$close", "-$open*$close"),
        ("-(-3)*$open", "3*$open"),
        ("$open- -0", "$open-0"),
        ("$open+1E-12", "$open+1e-12"),
        ("Mean(($close > $open), 5)", "Mean($close>$open,5)"),
        ("Gt($close, Add($open, 1))", "$close>$open+1"),
        ("If($close>$open,1,.5)", "If($close>$open,1,0.5)"),
        ("Power($close, 2)", "$close**2"),
        ("$close ** -$open ** 2", "$close**-$open**2"),
        ("($close ** 2) ** 3", "($close**2)**3"),
        ("-$close ** 2", "-$close**2"),
        ("(-$close) ** 2", "(-$close)**2"),
        ("2 ** $close * 3", "2**$close*3"),
        ("!($close > 1) | ($open > 2) & ($low > 3)", "Not($close>1)|($open>2)&($low>3)"),
        ("(($close > 1) | ($open > 2)) & ($low > 3)", "(($close>1)|($open>2))&($low>3)"),
        ("Mean($close,5.0)", "Mean($close,5)"),
        ("ChangeInstrument( 'sh600000', $close )", "ChangeInstrument('600000.SH',$close)"),
        ('Mask($close, "600000.SH")', "ChangeInstrument('600000.SH',$close)"),
        ("($close > $open) * $close", "($close>$open)*$close"),
        ('TResample($close, "M", "sum")', "TResample($close,'M','sum')"),
        ("P( $$roe_q ) - PRef($$roe_q, 201903)", "P($$roe_q)-PRef($$roe_q,201903)"),
    ],
)
def test_one_canonical_text_for_every_way_to_write_a_tree(text: str, canonical: str) -> None:
    assert parse(text).canonical == canonical


def test_equal_trees_have_equal_codes_wherever_they_were_written() -> None:
    assert parse("Mean( $close, 5 )").root == parse("Mean($close,5)").root
    assert parse("Mean( $close, 5 )").code == parse("Mean($close,5)").code
    assert parse("Mean($close,5)").code != parse("Mean($close,6)").code


@pytest.mark.parametrize(
    ("text", "look_back", "look_ahead"),
    [
        ("$close", 0, 0),
        ("Ref($close,5)", 5, 0),
        ("Delta($close,5)", 5, 0),
        ("Mean($close,5)", 4, 0),
        ("Mean($close>Ref($close,1),5)", 5, 0),
        ("Std($close/Ref($close,1)-1,20)+Mean($open,60)", 59, 0),
        ("Mean(Mean(Ref($close,2),3),4)", 7, 0),
        ("Ref($close,-2)/Ref($close,-1)-1", 0, 2),
        # The highs read are later ones, but the shift is taken in the four rows before.
        ("Max(Ref($high,-5),5)/$close", 4, 5),
        # The close read is today's, but it is taken from tomorrow's row.
        ("Ref(Ref($close,1),-1)", 0, 1),
        ("Ref(Ref($close,-1),1)", 1, 0),
        # An exponential mean reads until less is left than float64 rounds: (1/2)**53.
        ("EMA($close,3)", 52, 0),
        ("Mean($close,0.5)", 52, 0),
        ("EMA($close,2500)", -ALL_HISTORY, 0),
        ("Mean($close,0)", -ALL_HISTORY, 0),
        ("Ref($close,0)", -ALL_HISTORY, 0),
    ],
)
def test_the_reach_is_known_without_any_data(text: str, look_back: int, look_ahead: int) -> None:
    expression = parse(text)
    assert (expression.look_back, expression.look_ahead) == (look_back, look_ahead)


@pytest.mark.parametrize(
    ("text", "column", "what", "remedy"),
    [
        ("", 1, "the expression ends", "balance"),
        ("$close +", 9, "the expression ends", "balance"),
        ("Mean($close, 5", 15, "the expression ends", "balance"),
        ("$close $open", 8, "found '$open'", "balance"),
        ("$close ^ $open", 8, "unexpected character '^'", "+ - * /"),
        ("$close & $open", 1, "And needs a comparison", "parentheses"),
        ("$close > 1 & $open > 2", 10, "And needs a comparison", "parentheses"),
        ("!$close", 2, "Not needs a comparison", "parentheses"),
        ("Corr($close, $open, 0)", 21, "0 does not fit here", "refused here"),
        ("EMA($close, 0)", 13, "0 does not fit here", "span"),
        ("Kurt($close, 3)", 14, "3 does not fit here", "at least 4"),
        ("decay_linear($close, 0)", 22, "0 does not fit here", "refused here"),
        ("Slope($close, 0.5)", 15, "0.5 does not fit here", "all history"),
        ("$clsoe", 1, "unknown field $clsoe", "did you mean $close?"),
        ("1 + Maen($close, 5)", 5, "unknown operator Maen", "did you mean Mean?"),
        ("Mean(close, 5)", 6, "unknown operator close", "$close"),
        ("Mean($close)", 1, "takes 2 arguments, not 1", "whole number of days"),
        ("Mean($close, $open)", 14, "$open does not fit here", "whole number of days"),
        ("Mean($close, 2.5)", 14, "2.5 does not fit here", "whole number of days"),
        ("Mean($close, -5)", 14, "-5 does not fit here", "from 1 to"),
        ("Mean($close, 2501)", 14, "2501 does not fit here", "2500"),
        ("Mean(5, 5)", 6, "5 does not fit here", "series"),
        ("$close / Mask($close, 5)", 23, "5 does not fit here", "'600000.SH'"),
        ("ChangeInstrument('csi300', $close)", 18, "'csi300' does not fit here", "'600000.SH'"),
        ("Mask($close, 'XX600000')", 14, "'XX600000' does not fit here", "'600000.SH'"),
        ("$close + '600000.SH'", 10, "'600000.SH' does not fit here", "a number or a series"),
        ("'600000.SH'", 1, "reads no field", "$close"),
        ("Mask($close, 'SH600000)", 14, "unexpected character", "in quotes"),
        ("TResample($close, 5, 'sum')", 19, "5 does not fit here", "'W', 'M', 'Q', 'Y'"),
        ("TResample($close, 'W', 'apply')", 24, "'apply' does not fit here", "'median'"),
        ("$close / P($close)", 12, "found '$close'", "balance"),
        ("PRef($$roe_q, 201905)", 15, "a period such as 201903", "balance"),
        ("$$roe_q", 1, "found '$$roe_q'", "balance"),
        ("($low > 1) + ($open > 1)", 7, "does not fit here", "If(condition, 1, 0)"),
        ("-($low > 1)", 8, "does not fit here", "If(condition, 1, 0)"),
        ("If(1, $close, $open)", 4, "1 does not fit here", "a condition"),
        ("$low < $close < $high", 15, "cannot be chained", "If(a > b"),
        ("If(1 > 2, $close, $open)", 6, "two constants", "field"),
        ("1 + 1", 1, "reads no field", "$close"),
        ("$close * 1e39", 10, "too large", "3.4e38"),
    ],
)
def test_an_error_says_what_where_and_how_to_mend_it(
    text: str, column: int, what: str, remedy: str
) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text, owner="feature X")
    error = caught.value
    assert what in error.what
    assert remedy in error.remedy
    assert error.position == column - 1
    _, shown, caret = error.where.splitlines()
    assert error.where.startswith(f"feature X, column {column}")
    assert shown.strip() == text.strip()
    assert caret.index("^") - 4 == column - 1


def test_an_error_of_the_language_is_a_usage_error() -> None:
    assert issubclass(ExpressionError, ConfigurationError)
    assert ExpressionError.exit_code == EXIT_USAGE


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "(" * 500 + "$close" + ")" * 500,
        "-" * 500 + "$close",
        "Abs(" * 500 + "$close" + ")" * 500,
        "+".join(["$close"] * (MAX_DEPTH + 1)),
        "+".join(["$close"] * 5_000),
        " " * 20_000,
    ],
)
def test_depth_and_size_are_limited(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


def test_the_limits_leave_room_for_long_formulas() -> None:
    assert parse("+".join(f"Ref($close,{n})" for n in range(1, MAX_DEPTH))).look_back == 63
    assert parse("(" * 60 + "$close" + ")" * 60).canonical == "$close"


def _written(kind: Kind, depth: int) -> st.SearchStrategy[str]:
    fields = st.sampled_from(sorted(f"${name}" for name in set(FIELDS) - set(INDUSTRY_FIELDS)))
    numbers = st.floats(0, 1e6, allow_nan=False).map(repr) | st.integers(0, 99).map(str)
    if kind is Kind.SERIES and depth == 0:
        return fields
    operators = [
        operator
        for operator in OPERATORS.values()
        if operator.gives is kind and operator.name != "Neg"
    ]
    if kind is Kind.SERIES:
        deeper = st.sampled_from(operators).flatmap(lambda each: _call(each.name, depth - 1))
        negative = _written(Kind.SERIES, depth - 1).map(lambda text: f"-({text})")
        return fields | deeper | negative | st.tuples(numbers, fields).map("*".join)
    return st.sampled_from(operators).flatmap(lambda each: _call(each.name, max(0, depth - 1)))


_SAMPLED = {
    Role.DECAY: ["3", "0.25"],
    Role.CONSTANT: ["2", "-0.5", "1/3"],
    Role.LEVEL: ["1", "2", "3"],
    Role.SHIFT: ["1", "3", "-2", "- 1", "0"],
    Role.FREQUENCY: ["'W'", '"Y"'],
    Role.FUNCTION: ["'sum'", "'last'"],
    Role.SYMBOL: ["'SH600000'", '"000001.sz"'],
}


def _call(name: str, depth: int) -> st.SearchStrategy[str]:
    arguments = []
    for role in OPERATORS[name].roles:
        if role in {Role.WINDOW, Role.DECAYING}:
            arguments.append(st.integers(4, 9).map(str) | st.just("0"))
        elif role is Role.DAYS:
            arguments.append(st.integers(1, 9).map(str))
        elif role is Role.SHARE:
            second = Role.SHARE in OPERATORS[name].roles[: len(arguments)]
            arguments.append(st.sampled_from(["1"] if second else ["0", "0.2", "1"]))
        elif role in _SAMPLED:
            arguments.append(st.sampled_from(_SAMPLED[role]))
        elif role is Role.GROUP:
            groups = st.sampled_from([f"${field}" for field in INDUSTRY_FIELDS])
            arguments.append(groups | _written(Kind.SERIES, depth))
        elif role in {Role.CONDITION, Role.COMPARISON}:
            arguments.append(_written(Kind.CONDITION, depth))
        else:
            arguments.append(_written(Kind.SERIES, depth))
    symbols = {operator: symbol for symbol, operator in INFIX.items()}
    if name in symbols:
        return st.tuples(*arguments).map(lambda sides: f"({f' {symbols[name]} '.join(sides)})")
    return st.tuples(*arguments).map(lambda parts: f"{name}( {', '.join(parts)} )")


@given(_written(Kind.SERIES, 3))
def test_the_canonical_text_reads_back_as_the_same_tree(text: str) -> None:
    expression = parse(text)
    again = parse(expression.canonical)
    assert again.root == expression.root
    assert again.canonical == expression.canonical
    assert " " not in expression.canonical


_PIECES = [
    *OPERATORS,
    *(f"${name}" for name in FIELDS),
    *INFIX,
    *"()-,.5&|^ \n\x00收",
    "1e9",
    "EMA",
]


@given(st.text(max_size=60) | st.lists(st.sampled_from(_PIECES), max_size=30).map("".join))
def test_any_text_is_an_expression_or_an_expression_error(text: str) -> None:
    try:
        canonical = parse(text).canonical
    except ExpressionError as error:
        canonical = "$close"
        position = error.position
    else:
        position = 0
    assert 0 <= position <= len(text)
    assert parse(canonical).canonical == canonical
