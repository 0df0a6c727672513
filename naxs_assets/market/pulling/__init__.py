"""Pulling: how a live home is filled and kept: what to ask for, of whom, and what was answered.

What belongs here decides which table is asked of which family, keeps every answered part for ever
and tells what a later answer corrected. How a call is made is said in ``market/fetching``, how an
answer is read in ``market/sources``.
"""
