"""The page Evaluation.."""
