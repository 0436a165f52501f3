"""The demonstration: the whole chain on real flights, step by step. It uses only the actions that people have."""
