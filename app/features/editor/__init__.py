"""The editor of a feature version: fields, rules, preview and conflicting edits. What was typed stays until it is
saved or discarded."""
