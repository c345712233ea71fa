"""The page Heat maps."""
