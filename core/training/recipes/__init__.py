"""Recipes: one file, one way to train. The class is the card, its docstring the help, its parameters the form."""
