"""The recipe for code that people bring: where it comes from, the libraries it asks for, how it runs in the sandbox,
and what of its results is taken in. What it gives is judged as any other model is; its code is never loaded here."""
