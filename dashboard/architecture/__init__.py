"""The page of a network's architecture: its layers in a table, and where its weights and its work lie."""
