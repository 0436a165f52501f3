"""The service layer of Causeway: everything the portal can do, without a browser."""
