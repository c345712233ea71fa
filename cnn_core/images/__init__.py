"""Bytes to RGB pixels to model input."""
