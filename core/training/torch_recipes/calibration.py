"""Probabilities that mean what they say: a straight line through the logits, fitted on the validation rows and written
into the ONNX file. J. Platt, Probabilistic Outputs for Support Vector Machines, 1999; C. Guo et al., On Calibration of
Modern Neural Networks, ICML 2017 (temperature: the line through zero)."""

from typing import Any

import numpy as np

from core.foundation.values import Value

ROUNDS = 50
SMALLEST_SLOPE, LARGEST_SLOPE = 0.05, 20.0


class Calibration(Value):
    """A logit becomes slope x logit + shift."""

    slope: float = 1.0
    shift: float = 0.0

    def probabilities(self, logits: Any) -> Any:
        """float64 [rows] of float64 [rows]."""
        return 1.0 / (1.0 + np.exp(-(self.slope * np.asarray(logits, dtype=np.float64) + self.shift)))


def fit_calibration(logits: Any, *, labels: Any, kind: str) -> Calibration:
    """The line of least log loss, found by Newton's method. The neutral one where rows cannot tell."""
    scores = np.asarray(logits, dtype=np.float64)
    if kind == "none" or float(scores.std()) < 1e-6:
        return Calibration()
    columns = np.stack([scores, np.ones_like(scores)], axis=1)[:, : 1 if kind == "temperature" else 2]
    line = np.array([1.0, 0.0][: columns.shape[1]])
    for _round in range(ROUNDS):
        expected = 1.0 / (1.0 + np.exp(-columns @ line))
        slope = columns.T @ (expected - labels)
        bend = columns.T @ (columns * (expected * (1 - expected))[:, None]) + 1e-9 * np.eye(len(line))
        step = np.linalg.solve(bend, slope)
        line = line - np.clip(step, -1.0, 1.0)
        if float(abs(step).max()) < 1e-10:
            break
    fitted = [*line.tolist(), 0.0][:2]
    # A slope at or below zero would turn the model round; then the rows say nothing that could be trusted.
    usable = SMALLEST_SLOPE < fitted[0] < LARGEST_SLOPE
    return Calibration(slope=fitted[0], shift=fitted[1]) if usable else Calibration()
