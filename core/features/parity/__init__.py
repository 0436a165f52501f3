"""Whether the online store answers what the point-in-time join answers, key by key. Each mismatch is given a
cause."""
