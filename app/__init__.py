"""What a person or a script touches: pages, REST, the command line."""
