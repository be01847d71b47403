"""What turns the contract's columns into numbers for a model. It is part of the model and of the exported graph."""

from __future__ import annotations

from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ...features.contract import CATEGORICAL, NUMERIC

_NUMERIC = list(range(len(NUMERIC)))
_CATEGORICAL = list(range(len(NUMERIC), len(NUMERIC) + len(CATEGORICAL)))


def for_linear_model() -> ColumnTransformer:
    """Median for missing numbers, mean 0 and deviation 1, one indicator a category; an unseen one gets none."""
    numbers = Pipeline([("impute", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    return ColumnTransformer([("numeric", numbers, _NUMERIC), ("categorical", _one_hot(), _CATEGORICAL)])


def for_trees() -> ColumnTransformer:
    """Numbers as they are: trees need no scale, know what to do when a number is missing, and stay exact in float32."""
    return ColumnTransformer([("numeric", "passthrough", _NUMERIC), ("categorical", _one_hot(), _CATEGORICAL)])


def _one_hot() -> OneHotEncoder:
    return OneHotEncoder(handle_unknown="ignore", sparse_output=False)
