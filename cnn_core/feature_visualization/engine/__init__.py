"""Parameterization, objectives, transforms, optimizer: four independent values.."""
