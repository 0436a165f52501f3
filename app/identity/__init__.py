"""Parts of the pages about people, roles and tokens. Secrets are shown once."""
