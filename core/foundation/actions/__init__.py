"""Actions: the sentences of the portal, `promotion.approve`, `training.start_run`. What is declared at a method is the
REST API, the command line and the access matrix; running it checks, changes and records in one transaction."""
