"""The page Heat maps.."""
