"""What the figures of a run are worth, and what it says of them."""
