"""The service layer of Causeway: everything the portal can do, without a browser. Folders are layers; each may import
what stands below it."""

import gc

# What is loaded stays: looking through it for garbage every 700 objects takes a fifth of each start. Processes that go
# on for long say when they have loaded (`core.garbage`).
gc.set_threshold(50_000, 20, 20)
