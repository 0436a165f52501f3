"""The trees of boosters as the arrays of an ONNX tree ensemble, read from LightGBM's own text, in which every number
has all its digits. The format of the text: https://github.com/microsoft/LightGBM/blob/master/src/io/tree.cpp"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

# Modes of a node in ai.onnx.ml 5: a value is at most the threshold, or it is a member of a set.
AT_MOST, MEMBER = 0, 6
# Bits of LightGBM's decision type.
IS_CATEGORY, IS_LEFT_BY_DEFAULT, MISSING_IS_NAN = 1, 2, 8
MISSING = 12

# What is read of a tree, and as what.
NAMES: Mapping[str, Callable[[str], Any]] = {
    "split_feature": int,
    "threshold": float,
    "decision_type": int,
    "left_child": int,
    "right_child": int,
    "leaf_value": float,
    "cat_boundaries": int,
    "cat_threshold": int,
}


@dataclass
class Ensemble:
    """Attributes of `TreeEnsemble` by their names there; `members` has a set for each node of mode MEMBER, in order."""

    roots: list[int] = field(default_factory=list)
    features: list[int] = field(default_factory=list)
    modes: list[int] = field(default_factory=list)
    splits: list[float] = field(default_factory=list)
    nan_is_true: list[int] = field(default_factory=list)
    true_places: list[int] = field(default_factory=list)
    true_is_leaf: list[int] = field(default_factory=list)
    false_places: list[int] = field(default_factory=list)
    false_is_leaf: list[int] = field(default_factory=list)
    members: list[float] = field(default_factory=list)
    leaf_targets: list[int] = field(default_factory=list)
    leaf_values: list[float] = field(default_factory=list)

    def add(self, tree: Mapping[str, Any], *, target: int) -> None:
        """A tree as `trees_in` reads it, whose leaves add to that target."""
        first_node, first_leaf = len(self.features), len(self.leaf_values)
        self.roots.append(first_node)
        for node in range(len(tree["split_feature"])):
            self._add_node(tree, node=node)
        for children, places, is_leaf in (
            (tree["left_child"], self.true_places, self.true_is_leaf),
            (tree["right_child"], self.false_places, self.false_is_leaf),
        ):
            # A leaf stands there as the complement of its place.
            places += [first_leaf + ~child if child < 0 else first_node + child for child in children]
            is_leaf += [int(child < 0) for child in children]
        self.leaf_values += tree["leaf_value"]
        self.leaf_targets += [target] * len(tree["leaf_value"])

    def _add_node(self, tree: Mapping[str, Any], *, node: int) -> None:
        decision, threshold = tree["decision_type"][node], tree["threshold"][node]
        self.features.append(tree["split_feature"][node])
        if decision & IS_CATEGORY:
            self.modes.append(MEMBER)
            self.splits.append(0.0)
            self.nan_is_true.append(0)
            # NaN ends a set.
            self.members += [*_members(tree, place=int(threshold)), np.nan]
            return
        self.modes.append(AT_MOST)
        self.splits.append(threshold)
        # Where training saw no NaN, LightGBM takes one for 0.
        has_nan = decision & MISSING == MISSING_IS_NAN
        self.nan_is_true.append(int(bool(decision & IS_LEFT_BY_DEFAULT) if has_nan else threshold >= 0))


def ensemble_of(boosters: Sequence[Any], *, trees_a_round: int) -> Ensemble:
    """The trees of all boosters up to their best rounds. The trees of a booster of classes take turns; else its place
    is the target."""
    ensemble = Ensemble()
    for place, booster in enumerate(boosters):
        for number, tree in enumerate(trees_in(booster.model_to_string(num_iteration=booster.best_iteration))):
            ensemble.add(tree, target=place + number % trees_a_round)
    return ensemble


def trees_in(text: str) -> Iterator[Mapping[str, Any]]:
    """Every tree by the names of LightGBM's text."""
    trees = text.partition("\nend of trees")[0].split("\nTree=")[1:]
    for tree in trees:
        lines = dict(line.split("=", 1) for line in tree.splitlines() if "=" in line)
        yield _stump(lines) if lines["num_leaves"] == "1" else {name: _numbers(lines, name) for name in NAMES}


def _numbers(lines: Mapping[str, str], name: str) -> list[Any]:
    return [NAMES[name](number) for number in lines.get(name, "").split()]


def _stump(lines: Mapping[str, str]) -> Mapping[str, Any]:
    """A tree of one leaf as a node with that leaf on both sides, since an ensemble has no tree without a node."""
    return {
        "split_feature": [0],
        "threshold": [0.0],
        "decision_type": [0],
        "left_child": [~0],
        "right_child": [~0],
        "leaf_value": [float(lines["leaf_value"])],
    }


def _members(tree: Mapping[str, Any], *, place: int) -> list[float]:
    """The categories of a set, which the text has as bits of 32-bit words."""
    start, stop = tree["cat_boundaries"][place : place + 2]
    words = np.array(tree["cat_threshold"][start:stop], dtype="<u4")
    return np.flatnonzero(np.unpackbits(words.view(np.uint8), bitorder="little")).astype(np.float64).tolist()
