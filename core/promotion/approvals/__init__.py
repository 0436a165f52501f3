"""Whether a request may be approved and is: gates, decisions, four eyes, and the digests they are bound to. All of it
is computed from what is stored whenever it is asked for."""
