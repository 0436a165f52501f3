"""What every domain stands on: settings, errors, the database, storage, actions, plug-ins. It knows no domain."""
