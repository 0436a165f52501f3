"""Asks an installation the same questions again and again, at a pace of its own whatever the answers take, and keeps
what came back."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx

SECONDS = 60.0
NO_ANSWER = 0
Ask = Callable[[httpx.Client], httpx.Response]


@dataclass
class Answers:
    """What one question was answered: how long each took in seconds, with which status, and what refusals said."""

    name: str
    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    longest_gap: float = 0.0
    _good_at: float = field(default_factory=time.monotonic)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, client: httpx.Client, ask: Ask) -> httpx.Response | None:
        began = time.monotonic()
        try:
            answer = ask(client)
        except httpx.TransportError as error:
            self._keep(began, NO_ANSWER, type(error).__name__)
            return None
        self._keep(began, answer.status_code, "" if answer.is_success else words_of(answer))
        return answer

    def _keep(self, began: float, status: int, refusal: str) -> None:
        now = time.monotonic()
        with self._guard:
            self.seconds.append(now - began)
            self.statuses[status] += 1
            if refusal:
                self.refusals[refusal] += 1
            else:
                self.longest_gap = max(self.longest_gap, now - self._good_at)
                self._good_at = now

    @property
    def failed(self) -> int:
        return sum(count for status, count in self.statuses.items() if not 200 <= status < 300)

    def report(self) -> str:
        """A line of figures, and a line for each refusal."""
        ordered = sorted(self.seconds) or [0.0]
        p50, p99 = (ordered[int(share * (len(ordered) - 1))] * 1_000 for share in (0.5, 0.99))
        line = (
            f"{self.name}: {len(self.seconds)} asked, {self.failed} not answered with 2xx, p50 {p50:.0f} ms, "
            f"p99 {p99:.0f} ms, longest {ordered[-1] * 1_000:.0f} ms; {dict(sorted(self.statuses.items()))}"
        )
        return "\n".join([line, *(f"    {count} x {words}" for words, count in self.refusals.most_common(6))])


def words_of(answer: httpx.Response) -> str:
    """The refusal as its caller reads it."""
    if "json" not in answer.headers.get("content-type", ""):
        return f"{answer.status_code} {answer.text[:80]}"
    document = answer.json()
    words = document.get("error") or document.get("checks") or document
    retry = answer.headers.get("retry-after")
    return f"{answer.status_code} {words}" + (f" (Retry-After {retry})" if retry else "")


class Asking:
    """Asks each of some questions every so many seconds until the block ends. An answer that is late puts off no other
    question."""

    def __init__(self, address: str, questions: Sequence[tuple[str, Ask]], *, every: float) -> None:
        self.answers = [Answers(name) for name, _ask in questions]
        self._asks = [ask for _name, ask in questions]
        self._every = every
        self._ended = threading.Event()
        self._client = httpx.Client(base_url=address, timeout=SECONDS, limits=httpx.Limits(max_connections=400))
        self._pool = ThreadPoolExecutor(400)
        self._thread = threading.Thread(target=self._go_on)

    def __enter__(self) -> "Asking":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._thread.join()
        self._pool.shutdown()
        self._client.close()

    def _go_on(self) -> None:
        due = time.monotonic()
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            due += self._every
            for answers, ask in zip(self.answers, self._asks, strict=True):
                self._pool.submit(answers.ask, self._client, ask)


def question(path: str, *, method: str = "GET", **options: object) -> Ask:
    """A question that stays the same."""

    def ask(client: httpx.Client) -> httpx.Response:
        return client.request(method, path, **options)  # type: ignore[arg-type]

    return ask
