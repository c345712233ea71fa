"""The page Train.."""
