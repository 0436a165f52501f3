"""Recipes: one file, one way to train."""
