"""What deciding by a threshold does: the four counts, what follows from them, and whether saying always the same is better."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..contract.types import Contract, Costs


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Decisions of a binary task on the hold-out, counted in rows, or in their weight.

    Args:
        threshold: from which probability on a row is called positive.
        positive: the label of these.
        costs: of the contract; without, balanced accuracy judges.
    """

    threshold: float
    positive: str
    costs: Costs | None
    true_positives: float
    false_positives: float
    false_negatives: float
    true_negatives: float

    @property
    def recall(self) -> float | None:
        """Share of the positive rows that are called so; None if there are none."""
        return _share(self.true_positives, self.false_negatives)

    @property
    def specificity(self) -> float | None:
        """Share of the other rows that are not called positive; None if there are none."""
        return _share(self.true_negatives, self.false_positives)

    @property
    def cost(self) -> float | None:
        """What is to be small: mean cost of a row, or 1 less balanced accuracy. None if there is one class only."""
        if self.recall is None or self.specificity is None:
            return None
        if self.costs is None:
            return 1 - (self.recall + self.specificity) / 2
        wrong = self.false_positives * self.costs.false_positive + self.false_negatives * self.costs.false_negative
        return wrong / self._rows

    @property
    def constant_cost(self) -> float:
        """The same of the better of the two decisions that ask no model: never, or always, positive."""
        if self.costs is None:
            return 0.5
        never = (self.true_positives + self.false_negatives) * self.costs.false_negative
        always = (self.true_negatives + self.false_positives) * self.costs.false_positive
        return min(never, always) / self._rows

    @property
    def _rows(self) -> float:
        return self.true_positives + self.false_positives + self.false_negatives + self.true_negatives

    def objections(self) -> Iterator[str]:
        """Why these decisions are of no use."""
        if self.cost is None:
            yield "the hold-out has one class only, so that decisions cannot be judged: add rows"
        elif self.cost > self.constant_cost + 1e-9:
            what = "1 less balanced accuracy" if self.costs is None else "mean cost of a row"
            yield (
                f"deciding at the threshold {self.threshold:.4g} is worse than deciding always the same ({what}: "
                f"{self.cost:.4g} against {self.constant_cost:.4g}): change target.costs or target.threshold in "
                "configs/contract.yaml, or better the model"
            )

    def notes(self) -> Iterator[str]:
        """What a reader should know."""
        called = self.true_positives + self.false_positives
        if called in {0.0, self._rows}:
            always = "never" if called == 0 else "always"
            yield f"at the threshold {self.threshold:.4g} the decision is {always} `{self.positive}`, whatever the row"

    def as_report(self) -> dict[str, Any]:
        """For reports/metrics.json; null where a share of nothing is asked."""
        shares = {
            "precision": _share(self.true_positives, self.false_positives),
            "recall": self.recall,
            "specificity": self.specificity,
            "cost": self.cost,
            "constant_cost": self.constant_cost,
        }
        counts = ("true_positives", "false_positives", "false_negatives", "true_negatives")
        return {
            "threshold": self.threshold,
            "positive": self.positive,
            "judged_by": "balanced accuracy" if self.costs is None else "costs",
            **{name: None if value is None else round(value, 6) for name, value in shares.items()},
            **{name: round(getattr(self, name), 6) for name in counts},
        }


def decide(
    contract: Contract, target: np.ndarray, prediction: np.ndarray, weight: np.ndarray | None, threshold: float | None
) -> Decision | None:
    """Decide for rows [N] by probabilities [N, 2]; None if the task is not binary."""
    positive = contract.target.positive
    if threshold is None or positive is None:
        return None
    index, share = contract.labels.index(positive), np.ones(len(target)) if weight is None else weight
    # As the graph decides: both in float32.
    called, happened = prediction[:, index].astype(np.float32) >= np.float32(threshold), target == index
    return Decision(
        threshold=threshold,
        positive=positive,
        costs=contract.target.costs,
        true_positives=float(share[called & happened].sum()),
        false_positives=float(share[called & ~happened].sum()),
        false_negatives=float(share[~called & happened].sum()),
        true_negatives=float(share[~called & ~happened].sum()),
    )


def _share(part: float, rest: float) -> float | None:
    return part / (part + rest) if part + rest > 0 else None
