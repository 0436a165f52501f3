"""Feature views and their versions: drafted, built, published, deprecated, retired. What a version may become and who
is reported of it is decided here, in the portal's process."""
