"""The page Filter patterns."""
