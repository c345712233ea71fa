"""The page Over the epochs."""
