"""Models from strangers: looked into, read in a limited process, and kept as files that are safe to load."""
