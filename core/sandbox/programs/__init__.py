"""Whole programs that people write, with libraries of their own. They read what they are granted, write into one folder
and end when their limits say so, as people's functions do."""
