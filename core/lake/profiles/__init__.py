"""What a column looks like: gaps, distinct values, distribution. Profiles are exact and their memory is bounded."""
