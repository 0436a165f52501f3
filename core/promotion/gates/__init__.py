"""The gates that come with the portal, one file each."""
