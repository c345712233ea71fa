"""A model seen as layers."""
