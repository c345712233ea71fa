"""What the curves of a run say, and what to do about it."""
