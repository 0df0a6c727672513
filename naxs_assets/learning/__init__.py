"""Walk-forward learning: datasets, models and predictions."""
