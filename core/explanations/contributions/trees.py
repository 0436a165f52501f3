"""Exact Shapley values of a sum of trees against other rows: a feature is known where it has the value of the explained
row, and else it has that of a background row (the interventional game of D. Janzing, L. Minorics and P. Bl\u00f6baum,
Feature Relevance Quantification in Explainable AI, AISTATS 2020; S. M. Lundberg et al., From Local Explanations to
Global Understanding with Explainable AI for Trees, Nature Machine Intelligence 2 (2020)).

A leaf is reached where every feature on its path goes its way. As a function of which features are known that is a
product, so its Shapley values are an integral of a polynomial (G. Owen, Multilinear Extensions of Games, Management
Science 18 (1972)): of feature f, the leaf's value times (o_f - z_f) times the integral over t from 0 to 1 of the
product over all other features of t o + (1 - t) z, where o and z say how far the feature goes the leaf's way when it is
known and when it is not. Gauss and Legendre's rule is exact for it. With z a share of training rows it is the
path-dependent variant, of which nothing else is different."""

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np

# Of ai.onnx.ml 5, by number.
COMPARED = {
    0: np.less_equal,
    1: np.less,
    2: np.greater_equal,
    3: np.greater,
    4: np.equal,
    5: np.not_equal,
}
MEMBER = 6


def leaf_contributions(known: Any, *, unknown: Any, values: Any) -> Any:
    """float64 [leaves, slots] of o and z [leaves, slots] and the values [leaves]. A slot without a feature has 1 in
    both."""
    slots = known.shape[1]
    points, weights = np.polynomial.legendre.leggauss(slots // 2 + 1)
    at = ((points + 1) / 2)[None, None, :]
    factors = at * known[:, :, None] + (1 - at) * unknown[:, :, None]
    before, after = np.ones_like(factors), np.ones_like(factors)
    before[:, 1:] = np.cumprod(factors[:, :-1], axis=1)
    after[:, :-1] = np.cumprod(factors[:, :0:-1], axis=1)[:, ::-1]
    integrals = (before * after) @ (weights / 2)
    return values[:, None] * (known - unknown) * integrals


@dataclass(frozen=True)
class Paths:
    """The ways to the leaves of one target. An edge is a `node` of the ensemble and whether it must be true; edges of
    one leaf and feature stand beside each other, from `starts` on. `places` is [leaves, slots] into those groups, with
    -1 where there is none, `features` says which feature a group asks about."""

    nodes: Any
    branches: Any
    starts: Any
    places: Any
    features: Any
    values: Any

    def follows(self, decisions: Any) -> Any:
        """float64 [leaves, slots]: whether a row with these decisions, bool [nodes], goes the way of the leaf."""
        along = np.logical_and.reduceat(decisions[self.nodes] == self.branches, self.starts)
        return np.append(along, True)[self.places].astype(np.float64)


class Trees:
    """The attributes of a `TreeEnsemble` node."""

    def __init__(self, node: Any) -> None:
        from onnx import helper, numpy_helper

        read = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
        tensors = ("nodes_splits", "nodes_modes", "leaf_weights", "membership_values")
        self._of = {name: np.asarray(value) for name, value in read.items() if name not in tensors}
        self._of |= {name: numpy_helper.to_array(read[name]) for name in tensors if name in read}
        self._members = self._sets()

    def decisions(self, features: Any) -> Any:
        """bool [nodes] of one row, [features]."""
        values, splits = features[self._of["nodes_featureids"]], self._of["nodes_splits"]
        is_true = np.zeros(len(values), dtype=bool)
        modes = self._of["nodes_modes"]
        for mode, compare in COMPARED.items():
            is_true |= (modes == mode) & compare(values, splits)
        for place, members in self._members.items():
            is_true[place] = values[place] in members
        tracks = self._of.get("nodes_missing_value_tracks_true", np.zeros(len(values)))
        return np.where(np.isnan(values), tracks.astype(bool), is_true)

    def paths(self, target: int) -> Paths:
        ways = [way for root in self._of["tree_roots"].tolist() for way in self._walk(root)]
        of_target = [(leaf, sorted(path)) for leaf, path in ways if self._of["leaf_targetids"][leaf] == target]
        values = self._of["leaf_weights"][[leaf for leaf, _path in of_target]].astype(np.float64)
        return _paths([path for _leaf, path in of_target], values=values)

    def _walk(self, root: int) -> list[tuple[int, list[tuple[int, int, bool]]]]:
        """Every leaf with the edges that lead to it, each with its feature first."""
        known: list[tuple[int, list[tuple[int, int, bool]]]] = []
        open_nodes: list[tuple[int, list[tuple[int, int, bool]]]] = [(root, [])]
        while open_nodes:
            node, path = open_nodes.pop()
            feature = int(self._of["nodes_featureids"][node])
            for branch, side in ((True, "true"), (False, "false")):
                place = int(self._of[f"nodes_{side}nodeids"][node])
                is_leaf = bool(self._of[f"nodes_{side}leafs"][node])
                (known if is_leaf else open_nodes).append((place, [*path, (feature, node, branch)]))
        return known

    def _sets(self) -> dict[int, frozenset[float]]:
        """The members of each node that asks for them, in the order of the nodes; NaN ends a set."""
        sets: list[frozenset[float]] = []
        members: list[float] = []
        for value in self._of.get("membership_values", np.zeros(0)).tolist():
            if value == value:
                members.append(value)
            else:
                sets.append(frozenset(members))
                members = []
        places = np.flatnonzero(self._of["nodes_modes"] == MEMBER).tolist()
        return dict(zip(places, sets, strict=True))


def _paths(edges: list[list[tuple[int, int, bool]]], *, values: Any) -> Paths:
    groups: list[tuple[int, int]] = []
    starts: list[int] = []
    flat: list[tuple[int, bool]] = []
    places: list[list[int]] = []
    for leaf, path in enumerate(edges):
        first = len(groups)
        for feature, of_feature in groupby(path, key=itemgetter(0)):
            groups.append((leaf, feature))
            starts.append(len(flat))
            flat += [(node, branch) for _feature, node, branch in of_feature]
        places.append(list(range(first, len(groups))))
    width = max((len(of_leaf) for of_leaf in places), default=1)
    return Paths(
        nodes=np.array([node for node, _branch in flat], dtype=np.int64),
        branches=np.array([branch for _node, branch in flat], dtype=bool),
        starts=np.array(starts, dtype=np.int64),
        places=np.array([[*of_leaf, *[-1] * (width - len(of_leaf))] for of_leaf in places], dtype=np.int64),
        features=np.array([feature for _leaf, feature in groups], dtype=np.int64),
        values=values,
    )


def tree_contributions(trees: Trees, own: Any, *, background: Any, target: int) -> Any:
    """float64 [features]: the mean over the background rows, float64 [rows, features]."""
    paths = trees.paths(target)
    known = paths.follows(trees.decisions(own))
    total = np.zeros(len(own))
    for row in background:
        unknown = paths.follows(trees.decisions(row))
        # Where neither row goes a leaf's way, no mixture of both reaches it.
        may_be = np.flatnonzero(((known + unknown) > 0).all(axis=1))
        parts = leaf_contributions(known[may_be], unknown=unknown[may_be], values=paths.values[may_be])
        places = paths.places[may_be]
        np.add.at(total, paths.features[places[places >= 0]], parts[places >= 0])
    return total / len(background)
