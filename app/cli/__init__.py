"""The command line: commands for this machine, and every action of the catalog over REST. It starts the portal's
processes and prints what they answer."""
