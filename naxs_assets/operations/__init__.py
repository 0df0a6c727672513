"""Keeping the platform running."""
