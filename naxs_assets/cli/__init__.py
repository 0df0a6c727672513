"""The ``naxs`` command."""
