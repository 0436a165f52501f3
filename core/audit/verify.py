"""Checks an audit log. It needs nothing of Causeway, so that it can also be run alone on an export:

    python verify.py export.jsonl --key audit.key --checkpoints checkpoints.jsonl --public-key checkpoint.pub

Each event's hash is HMAC-SHA256(key, previous hash + newline + body); the first follows the empty string. A
checkpoint is
a signed statement, kept outside the database, that event `seq` had hash `hash`: it is what reveals a cut tail."""

import argparse
import hashlib
import hmac
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COLUMNS = ("seq", "time", "actor", "action", "outcome", "subject", "project")


@dataclass
class Findings:
    """What a verification found: `count` events read, and every problem in words."""

    count: int = 0
    head: str = ""
    problems: list[str] = field(default_factory=list)


def chain_hash(key: bytes, *, previous: str, body: str) -> str:
    return hmac.new(key, f"{previous}\n{body}".encode(), hashlib.sha256).hexdigest()


def verify(
    events: Iterable[dict[str, Any]], *, key: bytes, checkpoints: Iterable[dict[str, Any]], public_key: bytes
) -> Findings:
    """`events` in stored order, each with `body`, `hash` and the columns that repeat the body."""
    findings = Findings()
    trusted = dict(_trusted(checkpoints, public_key, findings))
    for event in events:
        _check_event(event, key, findings)
        expected = trusted.pop(findings.count, None)
        if expected is not None and expected != event["hash"]:
            findings.problems.append(f"event {findings.count} is not the one that was signed in a checkpoint")
    if trusted:
        findings.problems.append(
            f"the log ends at event {findings.count}, but a checkpoint signed event {max(trusted)}: the tail was cut"
        )
    return findings


def _check_event(event: dict[str, Any], key: bytes, findings: Findings) -> None:
    findings.count += 1
    seq = findings.count
    if event["seq"] != seq:
        findings.problems.append(f"event {seq} is missing: the next one is numbered {event['seq']}")
        findings.count = seq = event["seq"]
    if chain_hash(key, previous=findings.head, body=event["body"]) != event["hash"]:
        findings.problems.append(f"event {seq} was edited, moved, or follows a removed one: its hash does not match")
    body = json.loads(event["body"])
    changed = [name for name in COLUMNS if str(body.get(name)) != str(event[name])]
    if changed:
        findings.problems.append(f"event {seq} shows another {', '.join(changed)} than was recorded")
    findings.head = event["hash"]


def _trusted(checkpoints: Iterable[dict[str, Any]], public_key: bytes, findings: Findings) -> Iterator[tuple[int, str]]:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    verifier = Ed25519PublicKey.from_public_bytes(public_key)
    for number, checkpoint in enumerate(checkpoints, start=1):
        try:
            verifier.verify(bytes.fromhex(checkpoint["signature"]), statement(checkpoint["seq"], checkpoint["hash"]))
        except (InvalidSignature, ValueError):
            findings.problems.append(f"checkpoint {number} has a false signature")
            continue
        yield checkpoint["seq"], checkpoint["hash"]


def statement(seq: int, hash_: str) -> bytes:
    """The bytes that a checkpoint signs."""
    return f"causeway audit checkpoint\n{seq}\n{hash_}".encode()


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def main() -> int:
    parser = argparse.ArgumentParser(description="Verify an exported audit log.")
    parser.add_argument("export", type=Path)
    parser.add_argument("--key", type=Path, required=True)
    parser.add_argument("--checkpoints", type=Path, required=True)
    parser.add_argument("--public-key", type=Path, required=True)
    options = parser.parse_args()
    findings = verify(
        read_lines(options.export),
        key=options.key.read_bytes(),
        checkpoints=read_lines(options.checkpoints),
        public_key=options.public_key.read_bytes(),
    )
    for problem in findings.problems:
        print(problem)
    print(f"{findings.count} events, {len(findings.problems)} problems")
    return 1 if findings.problems else 0


if __name__ == "__main__":
    sys.exit(main())
