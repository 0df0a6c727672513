"""The pages that draw on several stages."""
