"""What counts as a word and where it is hashed to, held against scikit-learn's hash."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn.utils import murmurhash3_32

from core.training.text_recipes.reading import Reading, counts_of

READING = Reading(ngram=2, buckets=65_536, words=2_000)
LONG = "word " * 20_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \n\t.,!", []),
        ("Good, GOOD!", ["good", "good"]),
        ("İstanbul straße", ["istanbul", "straße"]),
        ("e\u0301cole", ["e\u0301cole"]),
        ("漢字とa中", ["漢", "字", "と", "a", "中"]),
        ("ok 👍😀", ["ok", "👍", "😀"]),
        ("one\r\ntwo\u00a0three\u2028four", ["one", "two", "three", "four"]),
        ("don't stop_now 12.5", ["don", "t", "stop_now", "12", "5"]),
        ("a\x00b", ["a", "b"]),
        (LONG, ["word"] * READING.words),
    ],
)
def test_a_text_is_counted_by_its_words_and_pairs(text: str, words: list[str]) -> None:
    assert (counts_of(texts(text), reading=READING)[0].toarray() == expected(words)).all()
    beside_others = counts_of(texts("many other words stand here", text, ""), reading=READING)
    assert (beside_others[1].toarray() == expected(words)).all()
    assert beside_others[2].nnz == 0


def test_longer_runs_and_fewer_words_are_read_when_asked_for() -> None:
    runs = Reading(ngram=3, buckets=4096, words=10)
    counts = counts_of(texts("a b c", " ".join("abcdefghijklm")), reading=runs)
    assert [int(total) for total in np.asarray(counts.sum(axis=1)).ravel()] == [3 + 2 + 1, 10 + 9 + 8]


def test_many_texts_on_many_threads_keep_their_order() -> None:
    many = texts(*(f"number {place}" for place in range(2_000)))
    single, several = (counts_of(many, reading=READING, threads=threads) for threads in (1, 3))
    assert (single != several).nnz == 0
    assert counts_of(texts(), reading=READING).shape == (0, READING.buckets)


def texts(*values: str) -> np.ndarray:
    return np.array(values, dtype=object)


def expected(words: list[str]) -> np.ndarray:
    counts = np.zeros(READING.buckets)
    for run in [*words, *(" ".join(pair) for pair in pairwise(words))]:
        counts[murmurhash3_32(run, positive=True) % READING.buckets] += 1
    return counts
