"""From texts to numbers of buckets: lower case, words, runs of words, hashes. Written as nodes of a graph, and training
runs just these nodes: there is no second way to read a text."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto

from core.foundation.values import Value
from core.training.onnx_graph import RUNTIME_DOMAIN, Graph

# Scripts whose words stand between spaces. Of all others each letter is a word, and so is each symbol.
SPACED = (
    "Latin",
    "Greek",
    "Cyrillic",
    "Armenian",
    "Hebrew",
    "Arabic",
    "Devanagari",
    "Bengali",
    "Tamil",
    "Telugu",
    "Thai",
    "Georgian",
    "Hangul",
)
WORD = r"[\pN\pM_" + "".join(f"\\p{{{script}}}" for script in SPACED) + r"]+|\pL|\p{So}"
# The one locale of every installation that knows more letters than ASCII has.
LOCALE = "C.UTF-8"
# Texts are padded to the longest beside them, so they are read by their lengths, and beside a very long one few.
MOST_ROWS, MOST_CHARACTERS = 64, 2_000_000


class Reading(Value):
    """How texts are read: runs of up to `ngram` words, of the first `words` of a text, in so many `buckets`. The number
    `buckets` itself stands for nothing."""

    ngram: int
    buckets: int
    words: int


def write_ids(graph: Graph, text: str, *, reading: Reading) -> str:
    """The buckets of all runs of words of texts [batch], int64 [batch, runs]."""
    lower = graph.node("StringNormalizer", text, case_change_action="LOWER", is_case_sensitive=1, locale=LOCALE)
    words = graph.node("Tokenizer", lower, domain=RUNTIME_DOMAIN, mark=0, mincharnum=1, pad_value="", tokenexp=WORD)
    words = _columns(graph, words, 0, reading.words)
    space, runs, ends = graph.constant(np.array(" ", dtype=object)), [words], [words]
    for length in range(2, reading.ngram + 1):
        begun = graph.node("StringConcat", _columns(graph, runs[-1], 0, -1), space)
        ends.append(_columns(graph, words, length - 1, 2**31 - 1))
        runs.append(graph.node("StringConcat", begun, ends[-1]))
    hashes = graph.node("MurmurHash3", graph.node("Concat", *runs, axis=1), domain=RUNTIME_DOMAIN, positive=1)
    buckets = graph.node("Mod", hashes, graph.constant(np.array(reading.buckets, dtype=np.uint32)))
    # A run that ends behind the last word of its text is none.
    is_none = graph.node("Equal", graph.node("Concat", *ends, axis=1), graph.constant(np.array("", dtype=object)))
    nothing = graph.constant(np.array(reading.buckets, dtype=np.int64))
    return graph.node("Where", is_none, nothing, graph.cast(buckets, to=TensorProto.INT64))


def counts_of(texts: Any, *, reading: Reading, threads: int = 1) -> Any:
    """How often each run of words is in each of the texts (an array of objects): a sparse matrix of float64, [texts,
    buckets]."""
    from scipy.sparse import csr_matrix, vstack

    session = _session(reading)

    def counted(places: Any) -> Any:
        (ids,) = session.run(None, {"text": texts[places]})
        is_run = ids < reading.buckets
        starts = np.concatenate([[0], is_run.sum(axis=1).cumsum()])
        ones = np.ones(int(starts[-1]))
        counts = csr_matrix((ones, ids[is_run].astype(np.int32), starts), shape=(len(ids), reading.buckets))
        counts.sum_duplicates()
        return counts

    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    order = np.argsort(lengths, kind="stable")
    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(counted, _parts(order, lengths=lengths)))
    return vstack(parts, format="csr")[np.argsort(order)] if parts else csr_matrix((0, reading.buckets))


def _columns(graph: Graph, value: str, start: int, end: int) -> str:
    ends = (graph.constant(np.array([place], dtype=np.int64)) for place in (start, end, 1))
    return graph.node("Slice", value, *ends)


def _parts(order: Any, *, lengths: Any) -> Iterator[Any]:
    """Places of texts that are read together, out of `order`, the shortest first."""
    start = 0
    while start < len(order):
        longest = lengths[order[start : start + MOST_ROWS][-1]]
        rows = max(1, min(MOST_ROWS, MOST_CHARACTERS // max(1, int(longest))))
        yield order[start : start + rows]
        start += rows


@lru_cache(maxsize=8)
def _session(reading: Reading) -> onnxruntime.InferenceSession:
    graph = Graph()
    ids = write_ids(graph, graph.input("text", is_text=True), reading=reading)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(graph.bare(ids, kind=TensorProto.INT64), options)
