"""The page Activations."""
