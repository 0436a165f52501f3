"""Tables whose cells are texts. How each column is read is found in a first pass over all rows, and told in words and
by examples; the second pass reads them so."""
