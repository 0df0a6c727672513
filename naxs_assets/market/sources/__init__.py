"""Where market data come from: the synthetic market, files of recorded data."""
