"""How far maps can be trusted: what happens to the score when what they name is taken away."""
