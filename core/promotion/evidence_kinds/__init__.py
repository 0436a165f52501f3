"""The kinds of evidence, one file each: its title, how it is measured, the gate that judges it, and what it says as
facts, tables and series. Pages draw any kind from that, and another package may bring one of its own."""
