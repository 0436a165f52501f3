"""The online stores there are, one file each. To add one is to put its file here, or to name its class among the entry
points `causeway.online_stores` of a package."""
