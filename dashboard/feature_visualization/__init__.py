"""The page Filter patterns.."""
