"""Demonstrations: the chain from data to a model that answers, step by step, on data that comes along.
They use only the actions that people have, each in a project of its own."""
