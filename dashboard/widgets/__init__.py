"""What pages share and draw."""
