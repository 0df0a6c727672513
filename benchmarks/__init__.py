"""Side-by-side measurements of NAXS against its peers; run by ``make bench``.

What the peers' interpreters import from here uses the standard library alone.
"""
