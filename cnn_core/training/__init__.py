"""Training: a configuration, an input pipeline, one run in one process."""
