"""The alphas of Kakushadze (2015), appendix A, as plain numpy over a whole market at once.

Windows are the paper's, floored by the operators of :class:`Market`. Alpha 56 needs market
capitalisation and is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from naxs_tests.factors.alpha101_market import Market, Matrix

ALPHAS: Mapping[int, Callable[[Market], Matrix]] = {
    1: lambda m: (
        m.rank(
            m.ts_argmax(
                m.signedpower(m.where(m.below(m.returns, 0), m.stddev(m.returns, 20), m.close), 2),
                5,
            )
        )
        - 0.5
    ),
    2: lambda m: (
        -m.correlation(m.rank(m.delta(m.log(m.volume), 2)), m.rank((m.close - m.open) / m.open), 6)
    ),
    3: lambda m: -m.correlation(m.rank(m.open), m.rank(m.volume), 10),
    4: lambda m: -m.ts_rank(m.rank(m.low), 9),
    5: lambda m: m.rank(m.open - (m.sum(m.vwap, 10) / 10)) * -np.abs(m.rank(m.close - m.vwap)),
    6: lambda m: -m.correlation(m.open, m.volume, 10),
    7: lambda m: m.where(
        m.below(m.adv(20), m.volume),
        (-m.ts_rank(np.abs(m.delta(m.close, 7)), 60) * np.sign(m.delta(m.close, 7))),
        -1,
    ),
    8: lambda m: (
        -m.rank(
            (m.sum(m.open, 5) * m.sum(m.returns, 5))
            - m.delay((m.sum(m.open, 5) * m.sum(m.returns, 5)), 10)
        )
    ),
    9: lambda m: m.where(
        m.below(0, m.ts_min(m.delta(m.close, 1), 5)),
        m.delta(m.close, 1),
        m.where(
            m.below(m.ts_max(m.delta(m.close, 1), 5), 0), m.delta(m.close, 1), -m.delta(m.close, 1)
        ),
    ),
    10: lambda m: m.rank(
        m.where(
            m.below(0, m.ts_min(m.delta(m.close, 1), 4)),
            m.delta(m.close, 1),
            m.where(
                m.below(m.ts_max(m.delta(m.close, 1), 4), 0),
                m.delta(m.close, 1),
                -m.delta(m.close, 1),
            ),
        )
    ),
    11: lambda m: (
        (m.rank(m.ts_max((m.vwap - m.close), 3)) + m.rank(m.ts_min((m.vwap - m.close), 3)))
        * m.rank(m.delta(m.volume, 3))
    ),
    12: lambda m: np.sign(m.delta(m.volume, 1)) * -m.delta(m.close, 1),
    13: lambda m: -m.rank(m.covariance(m.rank(m.close), m.rank(m.volume), 5)),
    14: lambda m: -m.rank(m.delta(m.returns, 3)) * m.correlation(m.open, m.volume, 10),
    15: lambda m: -m.sum(m.rank(m.correlation(m.rank(m.high), m.rank(m.volume), 3)), 3),
    16: lambda m: -m.rank(m.covariance(m.rank(m.high), m.rank(m.volume), 5)),
    17: lambda m: (
        (-m.rank(m.ts_rank(m.close, 10)) * m.rank(m.delta(m.delta(m.close, 1), 1)))
        * m.rank(m.ts_rank((m.volume / m.adv(20)), 5))
    ),
    18: lambda m: (
        -m.rank(
            (m.stddev(np.abs((m.close - m.open)), 5) + (m.close - m.open))
            + m.correlation(m.close, m.open, 10)
        )
    ),
    19: lambda m: (
        -np.sign((m.close - m.delay(m.close, 7)) + m.delta(m.close, 7))
        * (1 + m.rank(1 + m.sum(m.returns, 250)))
    ),
    20: lambda m: (
        (-m.rank((m.open - m.delay(m.high, 1))) * m.rank((m.open - m.delay(m.close, 1))))
        * m.rank(m.open - m.delay(m.low, 1))
    ),
    21: lambda m: m.where(
        m.below(((m.sum(m.close, 8) / 8) + m.stddev(m.close, 8)), (m.sum(m.close, 2) / 2)),
        -1,
        m.where(
            m.below((m.sum(m.close, 2) / 2), ((m.sum(m.close, 8) / 8) - m.stddev(m.close, 8))),
            1,
            m.where(m.at_most(1, (m.volume / m.adv(20))), 1, -1),
        ),
    ),
    22: lambda m: -(m.delta(m.correlation(m.high, m.volume, 5), 5) * m.rank(m.stddev(m.close, 20))),
    23: lambda m: m.where(m.below((m.sum(m.high, 20) / 20), m.high), -m.delta(m.high, 2), 0),
    24: lambda m: m.where(
        m.at_most((m.delta((m.sum(m.close, 100) / 100), 100) / m.delay(m.close, 100)), 0.05),
        -(m.close - m.ts_min(m.close, 100)),
        -m.delta(m.close, 3),
    ),
    25: lambda m: m.rank(((-m.returns * m.adv(20)) * m.vwap) * (m.high - m.close)),
    26: lambda m: -m.ts_max(m.correlation(m.ts_rank(m.volume, 5), m.ts_rank(m.high, 5), 5), 3),
    27: lambda m: m.where(
        m.below(0.5, m.rank(m.sum(m.correlation(m.rank(m.volume), m.rank(m.vwap), 6), 2) / 2.0)),
        -1,
        1,
    ),
    28: lambda m: m.scale((m.correlation(m.adv(20), m.low, 5) + ((m.high + m.low) / 2)) - m.close),
    29: lambda m: (
        m.ts_min(
            m.product(
                m.rank(
                    m.rank(
                        m.scale(
                            m.log(
                                m.sum(
                                    m.ts_min(m.rank(m.rank(-m.rank(m.delta((m.close - 1), 5)))), 2),
                                    1,
                                )
                            )
                        )
                    )
                ),
                1,
            ),
            5,
        )
        + m.ts_rank(m.delay(-m.returns, 6), 5)
    ),
    30: lambda m: (
        (
            (
                1.0
                - m.rank(
                    (
                        (
                            np.sign((m.close - m.delay(m.close, 1)))
                            + np.sign((m.delay(m.close, 1) - m.delay(m.close, 2)))
                        )
                        + np.sign((m.delay(m.close, 2) - m.delay(m.close, 3)))
                    )
                )
            )
            * m.sum(m.volume, 5)
        )
        / m.sum(m.volume, 20)
    ),
    31: lambda m: (
        (
            m.rank(m.rank(m.rank(m.decay_linear(-m.rank(m.rank(m.delta(m.close, 10))), 10))))
            + m.rank(-m.delta(m.close, 3))
        )
        + np.sign(m.scale(m.correlation(m.adv(20), m.low, 12)))
    ),
    32: lambda m: (
        m.scale((m.sum(m.close, 7) / 7) - m.close)
        + (20 * m.scale(m.correlation(m.vwap, m.delay(m.close, 5), 230)))
    ),
    33: lambda m: m.rank(-m.power((1 - (m.open / m.close)), 1)),
    34: lambda m: m.rank(
        (1 - m.rank((m.stddev(m.returns, 2) / m.stddev(m.returns, 5))))
        + (1 - m.rank(m.delta(m.close, 1)))
    ),
    35: lambda m: (
        (m.ts_rank(m.volume, 32) * (1 - m.ts_rank(((m.close + m.high) - m.low), 16)))
        * (1 - m.ts_rank(m.returns, 32))
    ),
    36: lambda m: (
        (
            (
                (
                    (2.21 * m.rank(m.correlation((m.close - m.open), m.delay(m.volume, 1), 15)))
                    + (0.7 * m.rank((m.open - m.close)))
                )
                + (0.73 * m.rank(m.ts_rank(m.delay(-m.returns, 6), 5)))
            )
            + m.rank(np.abs(m.correlation(m.vwap, m.adv(20), 6)))
        )
        + (0.6 * m.rank(((m.sum(m.close, 200) / 200) - m.open) * (m.close - m.open)))
    ),
    37: lambda m: (
        m.rank(m.correlation(m.delay((m.open - m.close), 1), m.close, 200))
        + m.rank(m.open - m.close)
    ),
    38: lambda m: -m.rank(m.ts_rank(m.close, 10)) * m.rank(m.close / m.open),
    39: lambda m: (
        -m.rank(m.delta(m.close, 7) * (1 - m.rank(m.decay_linear((m.volume / m.adv(20)), 9))))
        * (1 + m.rank(m.sum(m.returns, 250)))
    ),
    40: lambda m: -m.rank(m.stddev(m.high, 10)) * m.correlation(m.high, m.volume, 10),
    41: lambda m: m.power((m.high * m.low), 0.5) - m.vwap,
    42: lambda m: m.rank(m.vwap - m.close) / m.rank(m.vwap + m.close),
    43: lambda m: m.ts_rank((m.volume / m.adv(20)), 20) * m.ts_rank(-m.delta(m.close, 7), 8),
    44: lambda m: -m.correlation(m.high, m.rank(m.volume), 5),
    45: lambda m: (
        -(
            (m.rank((m.sum(m.delay(m.close, 5), 20) / 20)) * m.correlation(m.close, m.volume, 2))
            * m.rank(m.correlation(m.sum(m.close, 5), m.sum(m.close, 20), 2))
        )
    ),
    46: lambda m: m.where(
        m.below(
            0.25,
            (
                ((m.delay(m.close, 20) - m.delay(m.close, 10)) / 10)
                - ((m.delay(m.close, 10) - m.close) / 10)
            ),
        ),
        -1,
        m.where(
            m.below(
                (
                    ((m.delay(m.close, 20) - m.delay(m.close, 10)) / 10)
                    - ((m.delay(m.close, 10) - m.close) / 10)
                ),
                0,
            ),
            1,
            -(m.close - m.delay(m.close, 1)),
        ),
    ),
    47: lambda m: (
        (
            ((m.rank((1 / m.close)) * m.volume) / m.adv(20))
            * ((m.high * m.rank((m.high - m.close))) / (m.sum(m.high, 5) / 5))
        )
        - m.rank(m.vwap - m.delay(m.vwap, 5))
    ),
    48: lambda m: (
        m.neutralize(
            (
                (
                    m.correlation(m.delta(m.close, 1), m.delta(m.delay(m.close, 1), 1), 250)
                    * m.delta(m.close, 1)
                )
                / m.close
            ),
            3,
        )
        / m.sum(m.power((m.delta(m.close, 1) / m.delay(m.close, 1)), 2), 250)
    ),
    49: lambda m: m.where(
        m.below(
            (
                ((m.delay(m.close, 20) - m.delay(m.close, 10)) / 10)
                - ((m.delay(m.close, 10) - m.close) / 10)
            ),
            -0.1,
        ),
        1,
        -(m.close - m.delay(m.close, 1)),
    ),
    50: lambda m: -m.ts_max(m.rank(m.correlation(m.rank(m.volume), m.rank(m.vwap), 5)), 5),
    51: lambda m: m.where(
        m.below(
            (
                ((m.delay(m.close, 20) - m.delay(m.close, 10)) / 10)
                - ((m.delay(m.close, 10) - m.close) / 10)
            ),
            -0.05,
        ),
        1,
        -(m.close - m.delay(m.close, 1)),
    ),
    52: lambda m: (
        (
            (-m.ts_min(m.low, 5) + m.delay(m.ts_min(m.low, 5), 5))
            * m.rank(((m.sum(m.returns, 240) - m.sum(m.returns, 20)) / 220))
        )
        * m.ts_rank(m.volume, 5)
    ),
    53: lambda m: -m.delta((((m.close - m.low) - (m.high - m.close)) / (m.close - m.low)), 9),
    54: lambda m: (
        -((m.low - m.close) * m.power(m.open, 5)) / ((m.low - m.high) * m.power(m.close, 5))
    ),
    55: lambda m: (
        -m.correlation(
            m.rank((m.close - m.ts_min(m.low, 12)) / (m.ts_max(m.high, 12) - m.ts_min(m.low, 12))),
            m.rank(m.volume),
            6,
        )
    ),
    57: lambda m: -((m.close - m.vwap) / m.decay_linear(m.rank(m.ts_argmax(m.close, 30)), 2)),
    58: lambda m: (
        -m.ts_rank(
            m.decay_linear(m.correlation(m.neutralize(m.vwap, 1), m.volume, 3.92795), 7.89291),
            5.50322,
        )
    ),
    59: lambda m: (
        -m.ts_rank(
            m.decay_linear(
                m.correlation(
                    m.neutralize(((m.vwap * 0.728317) + (m.vwap * (1 - 0.728317))), 2),
                    m.volume,
                    4.25197,
                ),
                16.2289,
            ),
            8.19648,
        )
    ),
    60: lambda m: (
        -(
            (
                2
                * m.scale(
                    m.rank(
                        ((((m.close - m.low) - (m.high - m.close)) / (m.high - m.low)) * m.volume)
                    )
                )
            )
            - m.scale(m.rank(m.ts_argmax(m.close, 10)))
        )
    ),
    61: lambda m: m.below(
        m.rank(m.vwap - m.ts_min(m.vwap, 16.1219)),
        m.rank(m.correlation(m.vwap, m.adv(180), 17.9282)),
    ),
    62: lambda m: (
        -m.below(
            m.rank(m.correlation(m.vwap, m.sum(m.adv(20), 22.4101), 9.91009)),
            m.rank(
                m.below(
                    (m.rank(m.open) + m.rank(m.open)),
                    (m.rank((m.high + m.low) / 2) + m.rank(m.high)),
                )
            ),
        )
    ),
    63: lambda m: (
        -(
            m.rank(m.decay_linear(m.delta(m.neutralize(m.close, 2), 2.25164), 8.22237))
            - m.rank(
                m.decay_linear(
                    m.correlation(
                        ((m.vwap * 0.318108) + (m.open * (1 - 0.318108))),
                        m.sum(m.adv(180), 37.2467),
                        13.557,
                    ),
                    12.2883,
                )
            )
        )
    ),
    64: lambda m: (
        -m.below(
            m.rank(
                m.correlation(
                    m.sum(((m.open * 0.178404) + (m.low * (1 - 0.178404))), 12.7054),
                    m.sum(m.adv(120), 12.7054),
                    16.6208,
                )
            ),
            m.rank(
                m.delta(((((m.high + m.low) / 2) * 0.178404) + (m.vwap * (1 - 0.178404))), 3.69741)
            ),
        )
    ),
    65: lambda m: (
        -m.below(
            m.rank(
                m.correlation(
                    ((m.open * 0.00817205) + (m.vwap * (1 - 0.00817205))),
                    m.sum(m.adv(60), 8.6911),
                    6.40374,
                )
            ),
            m.rank(m.open - m.ts_min(m.open, 13.635)),
        )
    ),
    66: lambda m: (
        -(
            m.rank(m.decay_linear(m.delta(m.vwap, 3.51013), 7.23052))
            + m.ts_rank(
                m.decay_linear(
                    (
                        (((m.low * 0.96633) + (m.low * (1 - 0.96633))) - m.vwap)
                        / (m.open - ((m.high + m.low) / 2))
                    ),
                    11.4157,
                ),
                6.72611,
            )
        )
    ),
    67: lambda m: (
        -m.power(
            m.rank(m.high - m.ts_min(m.high, 2.14593)),
            m.rank(m.correlation(m.neutralize(m.vwap, 1), m.neutralize(m.adv(20), 3), 6.02936)),
        )
    ),
    68: lambda m: (
        -m.below(
            m.ts_rank(m.correlation(m.rank(m.high), m.rank(m.adv(15)), 8.91644), 13.9333),
            m.rank(m.delta(((m.close * 0.518371) + (m.low * (1 - 0.518371))), 1.06157)),
        )
    ),
    69: lambda m: (
        -m.power(
            m.rank(m.ts_max(m.delta(m.neutralize(m.vwap, 2), 2.72412), 4.79344)),
            m.ts_rank(
                m.correlation(
                    ((m.close * 0.490655) + (m.vwap * (1 - 0.490655))), m.adv(20), 4.92416
                ),
                9.0615,
            ),
        )
    ),
    70: lambda m: (
        -m.power(
            m.rank(m.delta(m.vwap, 1.29456)),
            m.ts_rank(m.correlation(m.neutralize(m.close, 2), m.adv(50), 17.8256), 17.9171),
        )
    ),
    71: lambda m: np.maximum(
        m.ts_rank(
            m.decay_linear(
                m.correlation(m.ts_rank(m.close, 3.43976), m.ts_rank(m.adv(180), 12.0647), 18.0175),
                4.20501,
            ),
            15.6948,
        ),
        m.ts_rank(
            m.decay_linear(m.power(m.rank((m.low + m.open) - (m.vwap + m.vwap)), 2), 16.4662),
            4.4388,
        ),
    ),
    72: lambda m: (
        m.rank(m.decay_linear(m.correlation(((m.high + m.low) / 2), m.adv(40), 8.93345), 10.1519))
        / m.rank(
            m.decay_linear(
                m.correlation(m.ts_rank(m.vwap, 3.72469), m.ts_rank(m.volume, 18.5188), 6.86671),
                2.95011,
            )
        )
    ),
    73: lambda m: (
        -np.maximum(
            m.rank(m.decay_linear(m.delta(m.vwap, 4.72775), 2.91864)),
            m.ts_rank(
                m.decay_linear(
                    -(
                        m.delta(((m.open * 0.147155) + (m.low * (1 - 0.147155))), 2.03608)
                        / ((m.open * 0.147155) + (m.low * (1 - 0.147155)))
                    ),
                    3.33829,
                ),
                16.7411,
            ),
        )
    ),
    74: lambda m: (
        -m.below(
            m.rank(m.correlation(m.close, m.sum(m.adv(30), 37.4843), 15.1365)),
            m.rank(
                m.correlation(
                    m.rank((m.high * 0.0261661) + (m.vwap * (1 - 0.0261661))),
                    m.rank(m.volume),
                    11.4791,
                )
            ),
        )
    ),
    75: lambda m: m.below(
        m.rank(m.correlation(m.vwap, m.volume, 4.24304)),
        m.rank(m.correlation(m.rank(m.low), m.rank(m.adv(50)), 12.4413)),
    ),
    76: lambda m: (
        -np.maximum(
            m.rank(m.decay_linear(m.delta(m.vwap, 1.24383), 11.8259)),
            m.ts_rank(
                m.decay_linear(
                    m.ts_rank(m.correlation(m.neutralize(m.low, 1), m.adv(81), 8.14941), 19.569),
                    17.1543,
                ),
                19.383,
            ),
        )
    ),
    77: lambda m: np.minimum(
        m.rank(m.decay_linear(((((m.high + m.low) / 2) + m.high) - (m.vwap + m.high)), 20.0451)),
        m.rank(m.decay_linear(m.correlation(((m.high + m.low) / 2), m.adv(40), 3.1614), 5.64125)),
    ),
    78: lambda m: m.power(
        m.rank(
            m.correlation(
                m.sum(((m.low * 0.352233) + (m.vwap * (1 - 0.352233))), 19.7428),
                m.sum(m.adv(40), 19.7428),
                6.83313,
            )
        ),
        m.rank(m.correlation(m.rank(m.vwap), m.rank(m.volume), 5.77492)),
    ),
    79: lambda m: m.below(
        m.rank(m.delta(m.neutralize(((m.close * 0.60733) + (m.open * (1 - 0.60733))), 1), 1.23438)),
        m.rank(m.correlation(m.ts_rank(m.vwap, 3.60973), m.ts_rank(m.adv(150), 9.18637), 14.6644)),
    ),
    80: lambda m: (
        -m.power(
            m.rank(
                np.sign(
                    m.delta(
                        m.neutralize(((m.open * 0.868128) + (m.high * (1 - 0.868128))), 2), 4.04545
                    )
                )
            ),
            m.ts_rank(m.correlation(m.high, m.adv(10), 5.11456), 5.53756),
        )
    ),
    81: lambda m: (
        -m.below(
            m.rank(
                m.log(
                    m.product(
                        m.rank(
                            m.power(
                                m.rank(m.correlation(m.vwap, m.sum(m.adv(10), 49.6054), 8.47743)), 4
                            )
                        ),
                        14.9655,
                    )
                )
            ),
            m.rank(m.correlation(m.rank(m.vwap), m.rank(m.volume), 5.07914)),
        )
    ),
    82: lambda m: (
        -np.minimum(
            m.rank(m.decay_linear(m.delta(m.open, 1.46063), 14.8717)),
            m.ts_rank(
                m.decay_linear(
                    m.correlation(
                        m.neutralize(m.volume, 1),
                        ((m.open * 0.634196) + (m.open * (1 - 0.634196))),
                        17.4842,
                    ),
                    6.92131,
                ),
                13.4283,
            ),
        )
    ),
    83: lambda m: (
        (
            m.rank(m.delay(((m.high - m.low) / (m.sum(m.close, 5) / 5)), 2))
            * m.rank(m.rank(m.volume))
        )
        / (((m.high - m.low) / (m.sum(m.close, 5) / 5)) / (m.vwap - m.close))
    ),
    84: lambda m: m.signedpower(
        m.ts_rank((m.vwap - m.ts_max(m.vwap, 15.3217)), 20.7127), m.delta(m.close, 4.96796)
    ),
    85: lambda m: m.power(
        m.rank(
            m.correlation(((m.high * 0.876703) + (m.close * (1 - 0.876703))), m.adv(30), 9.61331)
        ),
        m.rank(
            m.correlation(
                m.ts_rank(((m.high + m.low) / 2), 3.70596), m.ts_rank(m.volume, 10.1595), 7.11408
            )
        ),
    ),
    86: lambda m: (
        -m.below(
            m.ts_rank(m.correlation(m.close, m.sum(m.adv(20), 14.7444), 6.00049), 20.4195),
            m.rank((m.open + m.close) - (m.vwap + m.open)),
        )
    ),
    87: lambda m: (
        -np.maximum(
            m.rank(
                m.decay_linear(
                    m.delta(((m.close * 0.369701) + (m.vwap * (1 - 0.369701))), 1.91233), 2.65461
                )
            ),
            m.ts_rank(
                m.decay_linear(
                    np.abs(m.correlation(m.neutralize(m.adv(81), 2), m.close, 13.4132)), 4.89768
                ),
                14.4535,
            ),
        )
    ),
    88: lambda m: np.minimum(
        m.rank(
            m.decay_linear(
                ((m.rank(m.open) + m.rank(m.low)) - (m.rank(m.high) + m.rank(m.close))), 8.06882
            )
        ),
        m.ts_rank(
            m.decay_linear(
                m.correlation(m.ts_rank(m.close, 8.44728), m.ts_rank(m.adv(60), 20.6966), 8.01266),
                6.65053,
            ),
            2.61957,
        ),
    ),
    89: lambda m: (
        m.ts_rank(
            m.decay_linear(
                m.correlation(((m.low * 0.967285) + (m.low * (1 - 0.967285))), m.adv(10), 6.94279),
                5.51607,
            ),
            3.79744,
        )
        - m.ts_rank(m.decay_linear(m.delta(m.neutralize(m.vwap, 2), 3.48158), 10.1466), 15.3012)
    ),
    90: lambda m: (
        -m.power(
            m.rank(m.close - m.ts_max(m.close, 4.66719)),
            m.ts_rank(m.correlation(m.neutralize(m.adv(40), 3), m.low, 5.38375), 3.21856),
        )
    ),
    91: lambda m: (
        -(
            m.ts_rank(
                m.decay_linear(
                    m.decay_linear(
                        m.correlation(m.neutralize(m.close, 2), m.volume, 9.74928), 16.398
                    ),
                    3.83219,
                ),
                4.8667,
            )
            - m.rank(m.decay_linear(m.correlation(m.vwap, m.adv(30), 4.01303), 2.6809))
        )
    ),
    92: lambda m: np.minimum(
        m.ts_rank(
            m.decay_linear(m.below((((m.high + m.low) / 2) + m.close), (m.low + m.open)), 14.7221),
            18.8683,
        ),
        m.ts_rank(
            m.decay_linear(m.correlation(m.rank(m.low), m.rank(m.adv(30)), 7.58555), 6.94024),
            6.80584,
        ),
    ),
    93: lambda m: (
        m.ts_rank(
            m.decay_linear(m.correlation(m.neutralize(m.vwap, 2), m.adv(81), 17.4193), 19.848),
            7.54455,
        )
        / m.rank(
            m.decay_linear(
                m.delta(((m.close * 0.524434) + (m.vwap * (1 - 0.524434))), 2.77377), 16.2664
            )
        )
    ),
    94: lambda m: (
        -m.power(
            m.rank(m.vwap - m.ts_min(m.vwap, 11.5783)),
            m.ts_rank(
                m.correlation(m.ts_rank(m.vwap, 19.6462), m.ts_rank(m.adv(60), 4.02992), 18.0926),
                2.70756,
            ),
        )
    ),
    95: lambda m: m.below(
        m.rank(m.open - m.ts_min(m.open, 12.4105)),
        m.ts_rank(
            m.power(
                m.rank(
                    m.correlation(
                        m.sum(((m.high + m.low) / 2), 19.1351), m.sum(m.adv(40), 19.1351), 12.8742
                    )
                ),
                5,
            ),
            11.7584,
        ),
    ),
    96: lambda m: (
        -np.maximum(
            m.ts_rank(
                m.decay_linear(m.correlation(m.rank(m.vwap), m.rank(m.volume), 3.83878), 4.16783),
                8.38151,
            ),
            m.ts_rank(
                m.decay_linear(
                    m.ts_argmax(
                        m.correlation(
                            m.ts_rank(m.close, 7.45404), m.ts_rank(m.adv(60), 4.13242), 3.65459
                        ),
                        12.6556,
                    ),
                    14.0365,
                ),
                13.4143,
            ),
        )
    ),
    97: lambda m: (
        -(
            m.rank(
                m.decay_linear(
                    m.delta(
                        m.neutralize(((m.low * 0.721001) + (m.vwap * (1 - 0.721001))), 2), 3.3705
                    ),
                    20.4523,
                )
            )
            - m.ts_rank(
                m.decay_linear(
                    m.ts_rank(
                        m.correlation(
                            m.ts_rank(m.low, 7.87871), m.ts_rank(m.adv(60), 17.255), 4.97547
                        ),
                        18.5925,
                    ),
                    15.7152,
                ),
                6.71659,
            )
        )
    ),
    98: lambda m: (
        m.rank(m.decay_linear(m.correlation(m.vwap, m.sum(m.adv(5), 26.4719), 4.58418), 7.18088))
        - m.rank(
            m.decay_linear(
                m.ts_rank(
                    m.ts_argmin(m.correlation(m.rank(m.open), m.rank(m.adv(15)), 20.8187), 8.62571),
                    6.95668,
                ),
                8.07206,
            )
        )
    ),
    99: lambda m: (
        -m.below(
            m.rank(
                m.correlation(
                    m.sum(((m.high + m.low) / 2), 19.8975), m.sum(m.adv(60), 19.8975), 8.8136
                )
            ),
            m.rank(m.correlation(m.low, m.volume, 6.28259)),
        )
    ),
    100: lambda m: (
        -(
            (
                (
                    1.5
                    * m.scale(
                        m.neutralize(
                            m.neutralize(
                                m.rank(
                                    (
                                        (
                                            ((m.close - m.low) - (m.high - m.close))
                                            / (m.high - m.low)
                                        )
                                        * m.volume
                                    )
                                ),
                                3,
                            ),
                            3,
                        )
                    )
                )
                - m.scale(
                    m.neutralize(
                        (
                            m.correlation(m.close, m.rank(m.adv(20)), 5)
                            - m.rank(m.ts_argmin(m.close, 30))
                        ),
                        3,
                    )
                )
            )
            * (m.volume / m.adv(20))
        )
    ),
    101: lambda m: (m.close - m.open) / ((m.high - m.low) + 0.001),
}
