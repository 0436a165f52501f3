"""The gateway's parts by themselves: what it keeps running, and how it notices what does not answer."""
