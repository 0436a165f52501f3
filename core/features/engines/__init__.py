"""Feature engines: what joins entity rows with versions as of their time, by the rules R1 to R12. The port says what
an engine owes; each engine is found by its name."""
