"""What every domain stands on: settings, errors, values, the database, storage, actions and plug-ins."""
