"""Measuring, comparing and printing, the same for every benchmark."""
