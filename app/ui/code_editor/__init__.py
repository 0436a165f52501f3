"""The editor of SQL and Python on every page that has one. Python decides what it begins with, completes and marks;
the browser keeps what is typed, with every key."""
