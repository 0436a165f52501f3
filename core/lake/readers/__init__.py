"""Import sources: one file for each kind of file, frame or place that rows come from. Each gives a stream of Arrow
tables with typed columns, or refuses in words that say what to do."""
