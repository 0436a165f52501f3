"""The service layer of Causeway: everything the portal can do, without a browser. Folders are layers; each may import
what stands below it."""

import gc

# What is loaded stays. Looking through it for garbage every 700 objects takes a fifth of each start.
gc.set_threshold(50_000, 20, 20)
