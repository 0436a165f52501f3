"""How well an object is, beside where it is in its life: drifted or stale features, data in quarantine, a missed goal,
a broken promise, a model no better than chance, bytes that cannot be served. It is read from what the object rests on
and kept nowhere, so it is never out of date."""
