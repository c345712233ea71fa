"""Arrays to pictures, and pictures to grids."""
