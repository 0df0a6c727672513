"""The measured processes: one module per benchmark and side, run as ``python -m``."""
