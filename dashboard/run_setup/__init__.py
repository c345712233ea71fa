"""Which training run would start now: its data, its settings, what the scan left."""
