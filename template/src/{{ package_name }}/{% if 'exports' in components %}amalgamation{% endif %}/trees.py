"""Trees of `TreeEnsembleClassifier` and `TreeEnsembleRegressor` (ai.onnx.ml 1 to 3) as a `TreeEnsemble` of ai.onnx.ml 5.

There each leaf has one value for one output: a tree that says something about several outputs becomes one for each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import TensorProto, helper

_TWO = 2
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class _Tree:
    """Nodes of one tree by their number; those without a branch are leaves.

    Args:
        branches: column, threshold, whether missing goes left, and the numbers of the nodes below.
        leaves: what each leaf adds, by output.
    """

    root: int
    branches: Mapping[int, tuple[int, float, bool, int, int]]
    leaves: Mapping[int, Mapping[int, float]]


@dataclass(frozen=True)
class Ensemble:
    """All trees; branches and leaves are counted over all of them.

    Args:
        columns: that are looked at: the first of the features.
        base: what is added to each output.
    """

    columns: int
    base: list[float]
    roots: list[int] = field(default_factory=list)
    features: list[int] = field(default_factory=list)
    splits: list[float] = field(default_factory=list)
    #: Of each branch the place below, left and right, and whether that is a leaf.
    below: list[tuple[int, bool, int, bool]] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    def attributes(self) -> dict[str, Any]:
        """Of the operator. Columns come twice: where missing goes right, a branch looks at the second half."""
        left, left_leaf, right, right_leaf = (list(map(int, side)) for side in zip(*self.below, strict=True))
        return {
            "tree_roots": self.roots,
            "nodes_featureids": self.features,
            "nodes_modes": helper.make_tensor(
                "modes", TensorProto.UINT8, [len(self.features)], [0] * len(self.features)
            ),
            "nodes_splits": helper.make_tensor("splits", TensorProto.FLOAT, [len(self.splits)], self.splits),
            "nodes_truenodeids": left,
            "nodes_trueleafs": left_leaf,
            "nodes_falsenodeids": right,
            "nodes_falseleafs": right_leaf,
            "leaf_targetids": self.outputs,
            "leaf_weights": helper.make_tensor("weights", TensorProto.FLOAT, [len(self.weights)], self.weights),
        }

    def grow(self, tree: _Tree, output: int) -> None:
        """Add a tree as far as it says something about an output."""
        if tree.root not in tree.branches:
            self.base[output] += tree.leaves.get(tree.root, {}).get(output, 0.0)
            return
        places = {number: len(self.features) + count for count, number in enumerate(tree.branches)}
        self.roots.append(places[tree.root])
        for column, split, missing_left, left, right in tree.branches.values():
            self.features.append(column if missing_left else column + self.columns)
            # A branch that sends only missing values to the right has no finite threshold.
            self.splits.append(min(split, _LARGEST))
            sides = [self._side(tree, output, places, number) for number in (left, right)]
            self.below.append((*sides[0], *sides[1]))

    def _side(self, tree: _Tree, output: int, places: Mapping[int, int], number: int) -> tuple[int, bool]:
        if number in places:
            return places[number], False
        self.outputs.append(output)
        self.weights.append(tree.leaves.get(number, {}).get(output, 0.0))
        return len(self.weights) - 1, True


def ensemble_of(said: Mapping[str, Any]) -> Ensemble:
    """The attributes of an older operator, lists as arrays, as one ensemble.

    Raises:
        ValueError: they ask for what `TreeEnsemble` here does not have; says what.
    """
    kind = "class" if "class_ids" in said else "target"
    if set(said["nodes_modes"]) - {"LEAF", "BRANCH_LEQ"}:
        raise ValueError("trees compare otherwise than by <=")
    if said.get("aggregate_function", "SUM") != "SUM":
        raise ValueError("trees are not summed up")
    width = int(said["n_targets"]) if kind == "target" else len(said["classlabels_int64s"])
    if kind == "class" and width == _TWO and len(set(said["class_ids"].tolist())) == 1:
        width = 1
    base = [float(value) for value in said.get("base_values", np.zeros(width))]
    ensemble = Ensemble(int(np.max(said["nodes_featureids"])) + 1, base)
    for tree in _trees(said, kind, width):
        for output in sorted({output for leaf in tree.leaves.values() for output in leaf}):
            ensemble.grow(tree, output)
    if not ensemble.roots:
        raise ValueError("no tree has a branch")
    return ensemble


def _trees(said: Mapping[str, Any], kind: str, width: int) -> Iterator[_Tree]:
    leaves: dict[int, dict[int, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    of_leaves = (said[f"{kind}_treeids"], said[f"{kind}_nodeids"], said[f"{kind}_ids"], said[f"{kind}_weights"])
    for tree, number, output, weight in zip(*(each.tolist() for each in of_leaves), strict=True):
        leaves[tree][number][output if width > 1 else 0] = weight
    branches: dict[int, dict[int, tuple[int, float, bool, int, int]]] = defaultdict(dict)
    roots: dict[int, int] = {}
    numbers = said["nodes_nodeids"].tolist()
    missing = said.get("nodes_missing_value_tracks_true", np.zeros(len(numbers), dtype=int)).tolist() or [0] * len(
        numbers
    )
    for place, (tree, number) in enumerate(zip(said["nodes_treeids"].tolist(), numbers, strict=True)):
        roots.setdefault(tree, number)
        if said["nodes_modes"][place] != "LEAF":
            branches[tree][number] = (
                int(said["nodes_featureids"][place]),
                float(said["nodes_values"][place]),
                bool(missing[place]),
                int(said["nodes_truenodeids"][place]),
                int(said["nodes_falsenodeids"][place]),
            )
    for tree, root in roots.items():
        yield _Tree(root, branches[tree], leaves[tree])
