"""Checks an audit log. It needs nothing of Causeway, so that it can also be run alone on an export:

    python verify.py export.jsonl --key audit.key --checkpoints checkpoints.jsonl --public-key checkpoint.pub

Each event's hash is HMAC-SHA256(key, previous hash + newline + body); the first follows the empty string. A
checkpoint is a signed statement, kept outside the database, that event `seq` had hash `hash`: it is what reveals a cut
tail. Whatever is missing, torn or unreadable is a finding with a name and ends no checking: a log is sound where
nothing was found at all."""

import argparse
import hashlib
import hmac
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COLUMNS = ("seq", "time", "actor", "action", "outcome", "subject", "project")
KEY_BYTES = 32
LONGEST_LINE = 64 * 2**20
# So many findings of one kind are listed; the others are counted.
LISTED = 20


@dataclass(frozen=True)
class Proofs:
    """What a log is held against, outside the database: the key of its chain, the signed checkpoints, and the public
    key that those are signed with. Of the checkpoints `size` bytes are read, all of them without it."""

    key: Path
    checkpoints: Path
    public_key: Path
    size: int | None = None


@dataclass
class Findings:
    """What a verification found: `count` events read, the last one numbered `seq`, the last that a checkpoint signs,
    and what is wrong, in words."""

    count: int = 0
    seq: int = 0
    head: str = ""
    signed_to: int | None = None
    _listed: list[str] = field(default_factory=list)
    _by_kind: Counter[str] = field(default_factory=Counter)

    def add(self, kind: str, problem: str) -> None:
        """`kind` is a plural, for what is only counted."""
        self._by_kind[kind] += 1
        if self._by_kind[kind] <= LISTED:
            self._listed.append(problem)

    @property
    def problems(self) -> tuple[str, ...]:
        more = (f"{count - LISTED} more {kind}" for kind, count in self._by_kind.items() if count > LISTED)
        return (*self._listed, *more)

    @property
    def total(self) -> int:
        return self._by_kind.total()


def chain_hash(key: bytes, *, previous: str, body: str) -> str:
    return hmac.new(key, f"{previous}\n{body}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def statement(seq: int, hash_: str) -> bytes:
    """The bytes that a checkpoint signs."""
    return f"causeway audit checkpoint\n{seq}\n{hash_}".encode()


def verify(events: Iterable[dict[str, Any]], *, proofs: Proofs, findings: Findings) -> Findings:
    """`events` in stored order, each with `body`, `hash` and the columns that repeat the body. Events and checkpoints
    are read along with each other, so that a long log needs no more memory than a short one."""
    key = _read_key(proofs.key, findings)
    signed = _Signed(_checkpoints(proofs, findings))
    for event in events:
        _check_event(event, key, findings)
        signed.check(findings)
    signed.check_end(findings)
    return findings


class _Signed:
    """The events that checkpoints sign, in the order of their numbers."""

    def __init__(self, signed: Iterator[tuple[int, str]]) -> None:
        self._signed = signed
        self._next = next(signed, None)

    def check(self, findings: Findings) -> None:
        """Holds the event that was read last against the checkpoints of its number."""
        while self._next is not None and self._next[0] <= findings.seq:
            if self._next[0] == findings.seq and self._next[1] != findings.head:
                problem = f"event {findings.seq} is not the one that was signed in a checkpoint"
                findings.add("events that are not those that were signed", problem)
            self._next = next(self._signed, None)

    def check_end(self, findings: Findings) -> None:
        if self._next is None:
            return
        last = max([self._next[0], *(seq for seq, _hash in self._signed)])
        problem = f"the log ends at event {findings.seq}, but a checkpoint signed event {last}: the tail was cut"
        findings.add("cut tails", problem)


def _check_event(event: dict[str, Any], key: bytes | None, findings: Findings) -> None:
    findings.count += 1
    _check_number(event.get("seq"), findings)
    seq, (body, hash_) = findings.seq, (_text(event.get(name)) for name in ("body", "hash"))
    if key is not None and chain_hash(key, previous=findings.head, body=body) != hash_:
        problem = f"event {seq} was edited, moved, or follows a removed one: its hash does not match"
        findings.add("events whose hash does not match", problem)
    findings.head = hash_
    recorded = json_object(body)
    if recorded is None:
        findings.add("events whose body is no JSON", f"the body of event {seq} is no JSON object")
        return
    changed = [name for name in COLUMNS if str(recorded.get(name)) != str(event.get(name))]
    if changed:
        problem = f"event {seq} shows another {', '.join(changed)} than was recorded"
        findings.add("events that show something else than was recorded", problem)


def _check_number(seq: Any, findings: Findings) -> None:
    """An event that has no number, or one that was there already, is taken for the next."""
    due = findings.seq + 1
    findings.seq = seq if type(seq) is int and seq > due else due
    if type(seq) is not int or seq < due:
        findings.add(
            "events out of order", f"the event behind {due - 1} is numbered {str(seq)[:40]}: repeated or moved"
        )
    elif seq > due:
        missing = f"event {due} is" if seq == due + 1 else f"events {due} to {seq - 1} are"
        findings.add("gaps", f"{missing} missing: the next one is numbered {seq}")


def _checkpoints(proofs: Proofs, findings: Findings) -> Iterator[tuple[int, str]]:
    """Number and hash of the events that checkpoints sign, as the file has them: in the order of the log."""
    verifier = _verifier(proofs.public_key, findings)
    for number, line in read_lines(proofs.checkpoints, what="checkpoint", findings=findings, size=proofs.size):
        if "lost" in line:
            findings.add("losses of checkpoints", f"{proofs.checkpoints.name} was missing or empty: {line['lost']}")
        elif verifier is not None and (signed := signed_event(line, verifier)) is None:
            problem = f"checkpoint {number} lacks a part or has a false signature"
            findings.add("checkpoints with a false signature", problem)
        elif verifier is not None and signed is not None and _is_in_order(signed[0], number, findings):
            findings.signed_to = signed[0]
            yield signed
    if findings.signed_to is None:
        findings.add("logs without checkpoint", "no checkpoint holds: nothing outside the database confirms the log")


def _is_in_order(seq: int, number: int, findings: Findings) -> bool:
    last = findings.signed_to or 0
    if seq < last:
        problem = f"checkpoint {number} signs event {seq} behind event {last}: the log had been cut when it was written"
        findings.add("checkpoints out of order", problem)
    return seq >= last


def signed_event(line: dict[str, Any], verifier: Any) -> tuple[int, str] | None:
    """Number and hash of the event that a checkpoint signs; None where its signature does not hold."""
    from cryptography.exceptions import InvalidSignature

    seq, hash_, signature = (line.get(name) for name in ("seq", "hash", "signature"))
    if type(seq) is not int or not isinstance(hash_, str) or not isinstance(signature, str):
        return None
    try:
        verifier.verify(bytes.fromhex(signature), statement(seq, hash_))
    except (InvalidSignature, ValueError):
        return None
    return seq, hash_


def _verifier(file: Path, findings: Findings) -> Any:
    """What checks signatures; None where it cannot be had."""
    if (key := _read_key(file, findings)) is None:
        return None
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        findings.add("missing packages", "the Python package cryptography is missing: no signature could be checked")
        return None
    return Ed25519PublicKey.from_public_bytes(key)


def _read_key(file: Path, findings: Findings) -> bytes | None:
    try:
        key = file.read_bytes()
    except OSError as error:
        findings.add("unreadable files", f"{file.name} {why_unreadable(error)}: nothing could be checked by it")
        return None
    if len(key) == KEY_BYTES:
        return key
    findings.add("damaged keys", f"{file.name} is no key: it has {len(key)} bytes and not {KEY_BYTES}")
    return None


def read_lines(
    file: Path, *, what: str, findings: Findings, size: int | None = None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of a file, one a line, with the number of the line. Blank lines say nothing."""
    for number, line in enumerate(_raw_lines(file, findings, size), start=1):
        if not line.strip():
            continue
        if (value := json_object(line)) is None:
            findings.add(f"{what}s that are no JSON", f"{what} {number} of {file.name} is torn or no JSON object")
        else:
            yield number, value


def _raw_lines(file: Path, findings: Findings, size: int | None) -> Iterator[bytes]:
    try:
        with file.open("rb") as lines:
            while (size is None or lines.tell() < size) and (line := lines.readline(LONGEST_LINE)):
                yield line
    except OSError as error:
        findings.add("unreadable files", f"{file.name} {why_unreadable(error)}")


def why_unreadable(error: OSError) -> str:
    """What is wrong with a file, in words that follow its name."""
    words = {FileNotFoundError: "is missing", IsADirectoryError: "is a folder"}
    return words.get(type(error), f"is unusable ({error.strerror})")


def json_object(text: str | bytes) -> dict[str, Any] | None:
    """None for whatever is no JSON object."""
    try:
        value = json.loads(text.decode("utf-8-sig") if isinstance(text, bytes) else text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Verify an exported audit log.")
    parser.add_argument("export", type=Path)
    parser.add_argument("--key", type=Path, required=True)
    parser.add_argument("--checkpoints", type=Path, required=True)
    parser.add_argument("--public-key", type=Path, required=True)
    options = parser.parse_args(arguments)
    findings = Findings()
    proofs = Proofs(options.key, options.checkpoints, options.public_key)
    events = (event for _number, event in read_lines(options.export, what="event", findings=findings))
    verify(events, proofs=proofs, findings=findings)
    for problem in findings.problems:
        print(problem)
    print(f"{findings.count} events, {findings.total} problems")
    return 1 if findings.total else 0


if __name__ == "__main__":
    sys.exit(main())
