"""What a person or a script touches: pages, REST, the command line. At its root lie the entry points and the shell
around every page."""
