"""Small panels and price tables for the tests of the factors stage."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from naxs_assets.factors.evaluate import evaluate
from naxs_assets.factors.language import QLIB, Language
from naxs_assets.factors.panel import Panel
from naxs_assets.factors.parser import parse

FIRST_DAY = 7_000
FIRST_DATE = date(2019, 8, 1)

SYMBOL_OPERATORS = {
    "ABS": "Abs($close-$open)",
    "SIGN": "Sign($close-$open)",
    "LOG": "Log($volume+1)",
    "POWER": "Mean(Power($close-$open,0),4)",
    "SIGNEDPOWER": "signedpower($close-$open,2)",
    "DECAYLINEAR": "decay_linear($close/$open,7)",
    "PRODUCT": "ts_product($close/Ref($close,1),6)",
    "REF": "Ref($close,3)/$close",
    "DELTA": "Delta($close,2)/-$close",
    "MEAN": "Mean($close,5)",
    "MEAN_LONG": "Mean($volume,23)",
    "SUM": "Sum($volume,4)*2",
    "STD": "Std($close,5)",
    "VAR": "Var($close/Ref($close,1)-1,11)",
    "MAX": "Max($high,6)",
    "MIN": "Min($low,6)",
    "RANK": "Rank($close,7)",
    "SLOPE": "Slope($close,9)",
    "CORR": "Corr($close,Log($volume+1),6)",
    "COV": "Cov($close,$volume,13)",
    "IF": "Mean(If($close>$open,1,2),5)",
    "GREATER": "Greater($open,$close)-Less($open,$close)",
    "COUNT": "Mean($close>Ref($close,1),5)",
    "CONDITION": "$close!=$open",
    "COMPARED": "Sum(Mean($close,3)>=Mean($close,8),6)",
    "EQUAL": "Sum(If($close==$open,1,0)<=0.5,3)",
    "NESTED": "Std(Mean($close,4),6)/Mean(Std($close,6),4)",
    "VWAP": "$vwap/$close",
    "RSQUARE": "Rsquare($close,8)",
    "RESI": "Resi($close,6)/$close",
    "KNOWN": "Count($close,4)",
    "MED": "Med($close,5)",
    "QUANTILE": "Quantile($close,7,0.8)",
    "IDXMAX": "IdxMax($high,6)",
    "IDXMIN": "IdxMin($low,9)",
    "MAD": "Mad($close,5)",
    "SKEW": "Skew($close/Ref($close,1),12)",
    "KURT": "Kurt($close/Ref($close,1),12)",
    "WMA": "WMA($close,5)/$close",
    "EMA": "EMA($close,6)/EMA($close,3)",
    "ALPHA": "Std($close,0.5)",
    "LOGICAL": "Mean(!($close>$open)&($high>$close)|($volume>5e5),4)",
}
"""Features that together use every operator of a symbol's own days."""

ALL_OPERATORS = {
    **SYMBOL_OPERATORS,
    "CSRANK": "CSRank(Mean($close,3))-CSRank($volume)",
    "CSDEMEAN": "CSDemean($close)/$close",
    "CSZSCORE": "Mean(CSZScore(CSRank($volume)+$close),3)",
    "CSSCALE": "CSScale($close-$open)+CSScale($volume,2)",
    "CSWINSOR": "Delta(CSWinsor($close/$open,0.1,0.8),2)",
    "CSNEUTRALIZE": "CSNeutralize($close,$open>Ref($close,1))",
    "INDNEUTRALIZE": "Mean(IndNeutralize($close,2),3)/$close",
    "CHANGED": "Corr($close,ChangeInstrument('600002.SH',Mean($close,2)),5)",
    "MASKED": "Delta(Mask($close,'SH600001'),2)/$close",
}
"""Features that together use every operator."""


def panel_of(first_day: int = 0, **fields: Iterable[float] | npt.NDArray[np.float32]) -> Panel:
    """A panel of the given fields (days, or days x symbols) in which every cell has a row."""
    matrices = {}
    for name, values in fields.items():
        matrix = np.asarray(values, np.float32)
        matrices[name] = np.ascontiguousarray(matrix[:, None] if matrix.ndim == 1 else matrix)
    days, symbols = next(iter(matrices.values())).shape
    return Panel(
        days=np.arange(first_day, first_day + days, dtype=np.int32),
        dates=np.datetime64(FIRST_DATE) + np.arange(days),
        symbols=tuple(f"{number:06}.SZ" for number in range(symbols)),
        fields=matrices,
        present=np.ones((days, symbols), np.bool_),
        universe=np.ones((days, symbols), np.bool_),
        cells=np.arange(days * symbols),
    )


def value_of(text: str, panel: Panel, language: Language = QLIB) -> npt.NDArray[np.float32]:
    """The matrix of one expression."""
    (matrix,) = evaluate([parse(text, language=language).root], panel)
    return matrix


def sample_prices(days: int = 120, symbols: int = 9, seed: int = 0) -> pl.DataFrame:
    """Prices with every trouble: suspensions, quarantined and absent rows, late listings,
    early ends, a day without any row, unknown factors and ties.
    """
    random = np.random.default_rng(seed)
    day, symbol = (grid.ravel() for grid in np.mgrid[0:days, 0:symbols])
    steps = random.normal(0, 0.02, (days, symbols))
    close = np.round(10 * np.exp(np.cumsum(steps, axis=0)), 1).ravel()
    size = days * symbols
    listed = np.where(np.arange(symbols) % 3 == 1, days // 3 + np.arange(symbols), 0)
    ended = np.where(np.arange(symbols) % 4 == 3, days - 30 - np.arange(symbols), days)
    volume = random.integers(1_000, 1_000_000, size)
    frame = pl.DataFrame(
        {
            "date": [FIRST_DATE + timedelta(int(number)) for number in day],
            "symbol": [f"{600_000 + number}.SH" for number in symbol],
            "day": (FIRST_DAY + day).astype(np.int32),
            "open": np.round(close * (1 + random.normal(0, 0.01, size)), 1),
            "high": close * 1.02,
            "low": close * 0.98,
            "close": close,
            "pre_close": close,
            "volume": volume,
            "amount": close * volume,
            "adj_factor": pl.Series(1.0 + (day > days // 2) * 0.25),
            "is_st": False,
            "limit_up": np.round(close * 110).astype(np.int64),
            "is_suspended": random.random(size) < 0.06,
            "industry_2": pl.Series(symbol % 2, dtype=pl.Float32),
            "quarantined_by": ["price_band" if bad else None for bad in random.random(size) < 0.02],
        }
    )
    there = (day >= listed[symbol]) & (day < ended[symbol]) & (random.random(size) > 0.03)
    there &= day != days // 2
    unknown_factor = pl.Series(random.random(size) < 0.01)
    return frame.with_columns(adj_factor=pl.when(~unknown_factor).then("adj_factor")).filter(
        pl.Series(there)
    )
