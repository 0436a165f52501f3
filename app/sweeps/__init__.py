"""Parts of the pages about sweeps: the editor of the search space, charts and wording. A best trial is never cited
before it was confirmed."""
