"""Probabilities that mean what they say: a straight line through the logits, fitted on the validation rows and written
into the ONNX file. J. Platt, Probabilistic Outputs for Support Vector Machines, 1999; C. Guo et al., On Calibration of
Modern Neural Networks, ICML 2017 (temperature: the line through zero)."""

from typing import Any

import numpy as np

from core.foundation.values import Value

ROUNDS = 50
SMALLEST_SLOPE, LARGEST_SLOPE = 0.05, 20.0
# Fewer rows than these are too easily all right by chance, and would make a model as sure as one may be: they have to
# outweigh so many rows that speak for the logits as they are.
FEW, CAUTION = 500, 10.0


class Calibration(Value):
    """A logit becomes slope x logit + shift."""

    slope: float = 1.0
    shift: float = 0.0

    def probabilities(self, logits: Any) -> Any:
        """float64 [rows] of float64 [rows], or [rows, labels] of as many."""
        return 1.0 / (1.0 + np.exp(-(self.slope * np.asarray(logits, dtype=np.float64) + self.shift)))

    def shares(self, logits: Any) -> Any:
        """float64 [rows, classes] of float64 [rows, classes]; those of a row sum to 1."""
        sloped = self.slope * np.asarray(logits, dtype=np.float64)
        powers = np.exp(sloped - sloped.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)


def fit_calibration(logits: Any, *, labels: Any, kind: str) -> Calibration:
    """The line of least log loss, found by Newton's method. The neutral one where rows cannot tell."""
    scores = np.asarray(logits, dtype=np.float64)
    if kind == "none" or float(scores.std()) < 1e-6:
        return Calibration()
    columns = np.stack([scores, np.ones_like(scores)], axis=1)[:, : 1 if kind == "temperature" else 2]
    line = np.array([1.0, 0.0][: columns.shape[1]])
    pull = _pull(scores) * np.array([1.0, 0.0][: columns.shape[1]])
    for _round in range(ROUNDS):
        expected = 1.0 / (1.0 + np.exp(-columns @ line))
        slope = columns.T @ (expected - labels) + pull * (line - 1)
        bend = columns.T @ (columns * (expected * (1 - expected))[:, None]) + np.diag(1e-9 + pull)
        step = np.linalg.solve(bend, slope)
        line = line - np.clip(step, -1.0, 1.0)
        if float(abs(step).max()) < 1e-10:
            break
    return _usable(*[*line.tolist(), 0.0][:2])


def fit_temperature(logits: Any, *, labels: Any, kind: str) -> Calibration:
    """The same for classes: float64 [rows, classes] and places of classes, one slope for all. They have no shift of
    their own, so every kind is a temperature."""
    scores = np.asarray(logits, dtype=np.float64)
    if kind == "none" or float(scores.std(axis=1).max(initial=0.0)) < 1e-6:
        return Calibration()
    own = scores[np.arange(len(scores)), labels]
    slope, pull = 1.0, _pull(scores)
    for _round in range(ROUNDS):
        shares = Calibration(slope=slope).shares(scores)
        mean = (shares * scores).sum(axis=1)
        bend = float(((shares * scores**2).sum(axis=1) - mean**2).sum()) + 1e-9 + pull
        step = (float((mean - own).sum()) + pull * (slope - 1)) / bend
        slope -= min(1.0, max(-1.0, step))
        if abs(step) < 1e-10:
            break
    return _usable(slope, 0.0)


def _pull(scores: Any) -> float:
    """Of the slope toward 1."""
    return CAUTION if len(scores) < FEW else 0.0


def _usable(slope: float, shift: float) -> Calibration:
    """A slope at or below zero would turn the model round; then the rows say nothing that could be trusted."""
    return Calibration(slope=slope, shift=shift) if SMALLEST_SLOPE < slope < LARGEST_SLOPE else Calibration()
