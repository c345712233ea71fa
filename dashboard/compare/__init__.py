"""Two networks, epochs or photos side by side."""
