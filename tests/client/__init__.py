"""The client of a portal, tested over real HTTP."""
