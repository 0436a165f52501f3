"""What people make has two names. The title is what pages show, in any language; the identifier follows from it, is
what queries, addresses and scripts say, and never changes."""
