"""Parts of the pages about runs: the form, the list, progress, and registering what came of one. A run that cannot
learn is refused before it starts."""
