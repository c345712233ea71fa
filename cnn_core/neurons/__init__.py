"""What single channels do over many photos."""
