"""What is researched, as data: universes, feature sets, labels and strategies."""
