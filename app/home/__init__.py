"""Parts of the home page: what waits for the visitor and how their models do. Both are read from what people own and
may do."""
