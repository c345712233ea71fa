"""The page Overview.."""
