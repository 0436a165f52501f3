"""Fields that the forms of several domains share: the name of a new object, and fields that keep what was typed on the
way to another page and back. They draw and return what was entered; the service judges it."""
