"""The gates that come with the portal, one file each. A gate judges frozen evidence and fails closed."""
