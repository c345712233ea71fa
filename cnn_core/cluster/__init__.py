"""The same over several machines; only what lies here imports Ray."""
