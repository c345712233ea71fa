"""What a run can be told, and the presets."""
