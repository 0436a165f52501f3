"""Parts of the pages about training sets: the form and the report of the join. What late rows would have changed is
shown beside what was learned."""
