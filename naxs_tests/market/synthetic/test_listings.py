"""New listings take codes of their board, each once."""

from datetime import date

import numpy as np
import pytest

from naxs_assets.errors import ConfigurationError
from naxs_assets.market.boards import Board, board_of
from naxs_assets.market.synthetic.listings import choose_boards, list_instruments
from naxs_assets.market.synthetic.state import BOARDS, CHINEXT, MAIN, State

TODAY = date(2024, 3, 1)


def listed(state: State, boards: list[int]) -> list[str]:
    count = len(boards)
    list_instruments(
        state,
        np.random.default_rng(0),
        np.arange(count),
        boards=np.array(boards),
        prices=np.full(count, 1000.0),
        dates=[TODAY] * count,
    )
    return [instrument.symbol for instrument in state.instruments[-count:]]


@pytest.mark.parametrize("board", range(len(BOARDS)))
def test_codes_lie_in_the_board_s_ranges_up_to_the_last_one(board: int) -> None:
    symbols = listed(State(1900), [board] * 1900)
    assert len(set(symbols)) == 1900
    assert {board_of(symbol) for symbol in symbols} == {BOARDS[board]}


def test_a_board_without_a_code_left_is_named() -> None:
    state = State(1)
    state.issued_codes[CHINEXT] = 3 * 999
    with pytest.raises(ConfigurationError, match=f"{Board.CHINEXT} board"):
        listed(state, [CHINEXT])


def test_a_board_not_yet_open_lists_on_the_main_board() -> None:
    is_open = np.array([True, False, False, False])
    assert set(choose_boards(np.random.default_rng(0), 50, is_open)) == {MAIN}
