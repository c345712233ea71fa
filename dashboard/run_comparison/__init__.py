"""The page Runs: runs side by side."""
