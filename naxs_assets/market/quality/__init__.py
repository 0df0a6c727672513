"""Quality rules: one registry of them all, and the engine of those that look across rows."""
