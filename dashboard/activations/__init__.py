"""The page Activations.."""
