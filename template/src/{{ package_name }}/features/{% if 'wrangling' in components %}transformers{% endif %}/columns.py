"""Fewer columns of all that a model sees: without the useless ones, the telling ones alone, or directions instead of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.feature_selection import f_classif, f_regression, mutual_info_classif, mutual_info_regression

from ...contract.types import Section
from ...tasks.base import Task
from ..chains import Transformer


class Useless(Section):
    """Columns that are the same in almost all training rows, or equal to an earlier one, are left out."""

    same: Annotated[float, Field(gt=0.5, le=1, description="From which share of rows with one value on.")] = 0.999


class Select(Section):
    """The columns that tell most of the outcome, each by itself, stay."""

    columns: Annotated[int | None, Field(gt=0, description="How many.")] = None
    share: Annotated[float, Field(gt=0, le=1, description="Instead, which share of them.")] = 0.5
    by: Annotated[
        Literal["variance", "information"], Field(description="F test, or mutual information: slower, and any shape.")
    ] = "variance"


class Decompose(Section):
    """The directions in which the training rows differ most (principal components) stand for the columns."""

    columns: Annotated[int, Field(gt=0, le=1000, description="How many; fewer if there are not so many columns.")] = 10


class _Kept(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Some columns of a matrix [N, n], by place."""

    def transform(self, matrix: Any) -> Any:
        """Those columns, [N, width_]."""
        return matrix[:, self.kept_]

    def _keep(self, places: Any) -> Self:
        # A model needs one, however little it tells.
        self.kept_ = np.array(sorted(places) or [0], dtype=np.int64)
        self.width_ = len(self.kept_)
        return self


class Useful(_Kept):
    """All columns but the useless ones."""

    def __init__(self, same: float) -> None:
        self.same = same

    def fit(self, matrix: Any, target: Any = None) -> Self:  # noqa: ARG002 - as scikit-learn has it
        """Learn which they are, of [N, n]."""
        kept: dict[bytes, int] = {}
        by_column = matrix.tocsc() if sparse.issparse(matrix) else matrix
        for place in range(matrix.shape[1]):
            column = by_column[:, [place]]
            values = np.asarray(column.toarray() if sparse.issparse(column) else column, dtype=np.float32).ravel()
            if np.unique(values, return_counts=True)[1].max() < self.same * len(values):
                kept.setdefault(values.tobytes(), place)
        return self._keep(kept.values())


class Telling(_Kept):
    """The columns that tell most of the outcome."""

    def __init__(self, columns: int | None, share: float, by: str, classifies: bool) -> None:  # noqa: FBT001
        self.columns = columns
        self.share = share
        self.by = by
        self.classifies = classifies

    def fit(self, matrix: Any, target: Any) -> Self:
        """Learn which they are, of [N, n] and the target [N]; a missing number counts as the mean of its column."""
        with np.errstate(all="ignore"):
            scores = self._scores(matrix if sparse.issparse(matrix) else _filled(matrix), target)
        most = self.columns or max(1, round(self.share * matrix.shape[1]))
        order = np.argsort(-np.nan_to_num(scores, nan=-1.0, posinf=np.inf), kind="stable")
        return self._keep(order[:most])

    def _scores(self, matrix: Any, target: Any) -> np.ndarray:
        if self.by == "variance":
            return np.asarray((f_classif if self.classifies else f_regression)(matrix, target)[0])
        # The seed is of noise that tells equal numbers apart.
        return np.asarray(
            (mutual_info_classif if self.classifies else mutual_info_regression)(matrix, target, random_state=0)
        )


def _filled(matrix: np.ndarray) -> np.ndarray:
    known = ~np.isnan(matrix)
    means = np.where(known, matrix, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(known, matrix, means)


class Directions(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Principal components."""

    def __init__(self, columns: int) -> None:
        self.columns = columns

    def fit(self, matrix: Any, target: Any = None) -> Self:  # noqa: ARG002 - as scikit-learn has it
        """Learn the directions of [N, n], as [n, width_], and where they start from, [width_]."""
        self.width_ = min(self.columns, *matrix.shape)
        # Without a random start: equal rows give equal directions.
        learnt = PCA(self.width_, svd_solver="covariance_eigh").fit(matrix)
        self.directions_ = learnt.components_.T.astype(np.float32)
        self.start_ = (learnt.mean_ @ learnt.components_.T).astype(np.float32)
        return self

    def transform(self, matrix: Any) -> np.ndarray:
        """Rows [N, n] by how far they lie in each direction, [N, width_]."""
        return np.asarray(matrix.astype(np.float32) @ self.directions_ - self.start_)


def _select(said: Select, task: Task) -> Telling:
    return Telling(said.columns, said.share, said.by, task.classifies)


USELESS = Transformer(
    name="useless", settings=Useless, build=lambda said, _: Useful(said.same), exact=True, where="all"
)
SELECT = Transformer(name="select", settings=Select, build=_select, exact=True, where="all")
DECOMPOSE = Transformer(
    name="decompose", settings=Decompose, build=lambda said, _: Directions(said.columns), exact=False, where="all"
)
