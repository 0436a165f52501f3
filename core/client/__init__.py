"""A portal from a notebook or a script: `connect`, and everything it can be asked for. It is a distribution of its own,
`causeway_client`, and so needs nothing of the server's packages."""

from .client import Client as Client
from .client import connect as connect
from .training_sets import Use as Use
