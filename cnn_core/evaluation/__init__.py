"""How good a network is, from its probabilities and the truth."""
