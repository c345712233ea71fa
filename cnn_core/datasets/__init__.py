"""Labelled sets of pictures on disk."""
