"""Boards follow the code ranges of reference: trading rules, section 3."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naxs_assets.errors import DataError
from naxs_assets.market.boards import Board, board_expression, board_of, is_symbol

PREFIXES = {
    Board.MAIN: [f"{code}.SH" for code in ("600", "601", "603", "605")]
    + [f"{code}.SZ" for code in ("000", "001", "002", "003")],
    Board.CHINEXT: ["300.SZ", "301.SZ", "302.SZ"],
    Board.STAR: ["688.SH", "689.SH"],
    Board.BSE: ["830.BJ", "839.BJ", "871.BJ", "430.BJ", "920.BJ"],
}
EXAMPLES = [
    (f"{prefix[:3]}519{prefix[3:]}", board)
    for board, prefixes in PREFIXES.items()
    for prefix in prefixes
]
NO_SHARES = [
    "000300.SH",  # an index
    "399001.SZ",
    "900901.SH",  # B-shares
    "200002.SZ",
    "510300.SH",  # a fund
    "400001.BJ",  # an old third-board code
    "920002.SH",
    "600519.SZ",
    "600519",
    "sh600519",
    "600519.SH\n",
    "60051.SH",
    "6005190.SH",
    "６００519.SH",
    "",
]


@pytest.mark.parametrize(("symbol", "board"), EXAMPLES)
def test_a_code_range_belongs_to_one_board(symbol: str, board: Board) -> None:
    assert board_of(symbol) is board
    assert is_symbol(symbol)


@pytest.mark.parametrize("symbol", NO_SHARES)
def test_what_is_no_share_is_refused_by_name(symbol: str) -> None:
    assert not is_symbol(symbol)
    with pytest.raises(DataError) as raised:
        board_of(symbol)
    assert repr(symbol) in raised.value.what
    assert raised.value.remedy


def test_the_expression_gives_the_stored_value_and_null_for_the_rest() -> None:
    symbols = [symbol for symbol, _ in EXAMPLES] + NO_SHARES
    boards = pl.DataFrame({"code": symbols}).select(board_expression("code"))["board"]
    assert boards.dtype == pl.String
    assert boards.to_list() == [board.value for _, board in EXAMPLES] + [None] * len(NO_SHARES)


@given(
    st.lists(
        st.from_regex(r"[0-9]{6}\.(SH|SZ|BJ)", fullmatch=True) | st.text(max_size=10), max_size=30
    )
)
def test_the_expression_and_the_function_agree(symbols: list[str]) -> None:
    frame = pl.DataFrame({"symbol": symbols}, schema={"symbol": pl.String})
    expected = [board_of(symbol).value if is_symbol(symbol) else None for symbol in symbols]
    assert frame.select(board_expression())["board"].to_list() == expected
