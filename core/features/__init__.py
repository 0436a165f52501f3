"""Features, from the logic that people write to the rows that training and serving read. Each folder is one idea of
it; what all of them share, values, tables and job specs, lies here."""
