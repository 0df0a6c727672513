"""What every stage draws with: frame, blocks, figures, sparklines, message catalogue."""
