"""Secrets of sessions and tokens are kept as their digests only."""

from core.foundation.digests import digest_bytes


def digest_of_secret(secret: str) -> str:
    return digest_bytes(secret.encode("utf-8", "surrogatepass"))
