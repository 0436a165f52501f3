"""Several recipes on the same rows: who took part, who won and why, and several answering together. Each takes the path
that it would take alone, so that nothing here knows how any of them learns."""
