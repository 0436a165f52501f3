"""The chain around an object as a map: what led to it on the left, what follows on the right, one fact on each. Python
decides what is shown and in which words; JavaScript lays it out, and answers to pointer and keys."""
