"""What may go and what must stay: quarantine, deletion, retention, and the store's garbage collection. Nothing that a
live model learned from is removed."""
