"""Parts of the pages about datasets: imports, snapshots, profiles, comparison, queries and retention. Each file is
one part of one page."""
