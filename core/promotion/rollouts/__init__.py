"""Rollouts: from an approval to traffic in steps, and back. Whatever switches traffic checks its right to do so in
the same transaction."""
