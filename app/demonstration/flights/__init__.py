"""The whole chain on the real flights of a year, from a goal to a model in production. It takes minutes, since it
sweeps, measures and rolls out as a team would."""
