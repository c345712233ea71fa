"""Pictures and tables to files."""
