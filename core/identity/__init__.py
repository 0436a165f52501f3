"""Who someone is, and what they may do: people, projects, roles, tokens, sessions. Roles are read from the database
on every call."""
