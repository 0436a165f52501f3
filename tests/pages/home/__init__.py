"""Home, by what people own and may do."""
