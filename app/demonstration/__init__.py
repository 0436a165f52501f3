"""The demonstration: the whole chain on real flights, through the actions that people have."""
