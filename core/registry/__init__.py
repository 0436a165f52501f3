"""Models, their versions, and the evidence about them."""
