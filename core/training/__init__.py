"""Recipes and runs: what can be trained, what is under way, and what came of it. The process that trains owns neither
the database nor secrets."""
