"""What an operator sees of a process: its log, its health and its figures. Nothing that leaves a process by this way
carries a secret."""
