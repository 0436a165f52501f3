"""Load tests of endpoints: plans, the generator, and a report that says first whether it may be believed."""
