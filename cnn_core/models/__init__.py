"""Models in folders with their cards."""
