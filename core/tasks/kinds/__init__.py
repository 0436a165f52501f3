"""The tasks, one file each. A package of a team adds its own as the entry point `causeway.tasks`."""
