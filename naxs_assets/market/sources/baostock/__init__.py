"""BaoStock: the independent source of past and daily bars, status and membership.

Cells arrive as texts, an empty one holds nothing. It knows the Shanghai and Shenzhen exchanges,
not Beijing. Nothing is fetched here and the package is not imported.
"""
