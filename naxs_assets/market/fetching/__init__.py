"""Fetching: how bytes come from an upstream, politely, kept for ever and replayable.

What belongs here knows requests, responses, limits and processes. It knows no table of the market:
which call gives which rows is said in ``market/sources``.

``live.LiveFetcher`` asks the upstreams and ``replay.ReplayFetcher`` the record of what they said;
``health.family_health`` tells how they behaved. A vendor's code runs in ``worker``, where all its
requests pass ``choke_point``.
"""
