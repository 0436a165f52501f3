"""The process that serves one version to one endpoint. It hashes the bytes it loads, answers, and does nothing that a
proxy does better."""
