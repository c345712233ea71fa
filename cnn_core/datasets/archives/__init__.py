"""Zip archives: what they hold, and unpacking them safely."""
