"""A loopback upstream: the vendors' hosts on 127.0.0.1, so that their real clients run in tests.

``LoopbackUpstream`` ends TLS for every host, serves an ``UpstreamMarket`` in each vendor's own
format, and misbehaves on demand. Wire formats are those that AKShare 1.19.5 and baostock 0.9.4
parse, read from their sources.

    market = UpstreamMarket.of(SyntheticMarket(seed=7, names=60, first=..., last=...))
    with LoopbackUpstream(market, tmp_path) as upstream:
        ...  # os.environ gets upstream.environment, baostock's client upstream.baostock_address
        upstream.misbehave("akshare.sina", Misbehaviour.STATUS_456, times=3)
        upstream.market = market.restated("600001.SH", day, close=12.34)
"""

from naxs_tests.upstream.loopback import LoopbackUpstream, Request
from naxs_tests.upstream.market import UpstreamMarket
from naxs_tests.upstream.misbehaviour import Misbehaviour

__all__ = ["LoopbackUpstream", "Misbehaviour", "Request", "UpstreamMarket"]
