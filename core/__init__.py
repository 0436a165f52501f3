"""The service layer of Causeway: everything the portal can do, without a browser. Folders are layers; each may import
what stands below it."""
