"""Factors: the expression language, its kernels, feature sets and labels."""
