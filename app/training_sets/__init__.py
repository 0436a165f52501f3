"""Parts of the pages about training sets: the form and the report of the join. What late rows would have changed is
told beside what was learned."""
