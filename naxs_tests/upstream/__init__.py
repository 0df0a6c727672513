"""A loopback upstream: the vendors' hosts on 127.0.0.1, so that their real clients run in tests.

``LoopbackUpstream`` ends TLS for every host, serves an ``UpstreamMarket`` in each vendor's own
format, and misbehaves on demand. Wire formats are those that AKShare 1.19.5 and baostock 0.9.4
parse, read from their sources.
"""

from naxs_tests.upstream.loopback import LoopbackUpstream, Request
from naxs_tests.upstream.market import UpstreamMarket
from naxs_tests.upstream.misbehaviour import Misbehaviour

__all__ = ["LoopbackUpstream", "Misbehaviour", "Request", "UpstreamMarket"]
