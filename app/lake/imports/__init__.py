"""The page of an import: what it would do, how its text and each of its columns are read, and what a person says of
that. What nobody answered yet stands first."""
