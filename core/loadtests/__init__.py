"""Load tests of endpoints: who may put what load where, and what came of it. The target is an endpoint's id, never an
address."""
