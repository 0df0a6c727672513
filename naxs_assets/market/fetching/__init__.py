"""Fetching: how bytes come from an upstream, politely, kept for ever and replayable.

What belongs here knows requests, responses, limits and processes. It knows no table of the market:
which call gives which rows is said in ``market/sources``.
"""
