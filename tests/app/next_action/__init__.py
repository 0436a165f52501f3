"""What the reader of a page does next, decided for each kind of object."""
