"""From a model frame to numbers. Encoders are part of the model and of its graph; their words come from training rows alone.

Everything here has an exact form in ONNX. Frames are those of features.frame: numbers, categories, texts, found by place.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import Binarizer, OneHotEncoder, StandardScaler, TargetEncoder

from ..predictor.encoding import WORD, Layout
from ..settings import Features
from ..tasks.base import Task
from .chains import Chains, Makes, chain, chained, exact, followed, parts_of

#: A word of one row only teaches nothing about others.
ENOUGH_ROWS = 2
#: Words with a mean target for each that has an indicator.
WORDS_WITH_MEAN = 20
#: Fewer rows cannot be divided into folds of both classes.
ROWS_FOR_MEANS = 100
#: By which means are learnt.
FOLDS = 5
#: Trees look at each word by itself, in dense columns.
WORDS_FOR_TREES = 200
#: Below every number of float32 that can be meant.
NO_NUMBER = -3e38


#: A ColumnTransformer; or a Pipeline of one and of what is set to come behind it.
Encoders = Any


def for_linear_models(frame: pl.DataFrame, layout: Layout, bounds: Features, task: Task) -> Encoders:
    """Everything on one scale, and other words than the frequent ones are zeros.

    Numbers: what is set for them, then median for missing, mean 0 and deviation 1, and whether they are there. Categories: one
    indicator a word. Texts: tf-idf (G. Salton, C. Buckley 1988).
    """
    numbers, categories, texts = _places(layout)
    chains = chained(layout, bounds)
    gaps = [place for place in numbers if 0 < frame[:, place].is_nan().sum() < len(frame)]
    many = _many(frame, categories, bounds, task)
    there = SimpleImputer(strategy="constant", fill_value=NO_NUMBER, keep_empty_features=True)
    parts = [
        ("numbers", Pipeline(_centred("number")), _others(numbers, chains)),
        *parts_of(chains, task, _centred),
        ("there", Pipeline([("impute", there), ("decide", Binarizer(threshold=NO_NUMBER / 2))]), gaps),
        ("categories", _indicators(frame, categories, bounds), categories),
        ("means", Pipeline([("means", _means(frame, many, bounds, task)), ("scale", StandardScaler())]), many),
        *((f"text{place}", TfidfVectorizer(**_words(frame[:, place], bounds.max_words)), place) for place in texts),
    ]
    encoders = ColumnTransformer([part for part in parts if part[2] != []])
    return followed(encoders, chain(bounds.all, "all"), task)


def for_trees(frame: pl.DataFrame, layout: Layout, bounds: Features, task: Task) -> Encoders:
    """Numbers as they are, or after what is set for them and exact; one indicator each for categories and words of texts.

    Trees need no scale, know what a missing number is, and stay exact in float32.
    """
    numbers, categories, texts = _places(layout)
    empty = [place for place in numbers if frame[:, place].is_nan().all()]
    chains = [
        (links, left)
        for whole, places in chained(layout, bounds)
        if (links := exact(whole)) and (left := _others(places, [((), empty)]))
    ]
    many = _many(frame, categories, bounds, task)
    words = min(bounds.max_words, WORDS_FOR_TREES)
    parts = [
        ("numbers", "passthrough", _others(numbers, [*chains, ((), empty)])),
        *parts_of(chains, task),
        ("empty", SimpleImputer(strategy="constant", fill_value=0.0, keep_empty_features=True), empty),
        ("categories", _indicators(frame, categories, bounds), categories),
        ("means", _means(frame, many, bounds, task), many),
        *((f"text{place}", CountVectorizer(**_words(frame[:, place], words), binary=True), place) for place in texts),
    ]
    encoders = ColumnTransformer([part for part in parts if part[2] != []], sparse_threshold=0)
    return followed(encoders, exact(chain(bounds.all, "all")), task)


def _others(places: list[int], chains: Chains) -> list[int]:
    return [place for place in places if not any(place in taken for _, taken in chains)]


def _centred(makes: Makes) -> list[tuple[str, Any]]:
    """The steps to numbers of mean 0 and deviation 1, without gaps; what needs no scale keeps its own."""
    impute = ("impute", SimpleImputer(strategy="median", keep_empty_features=True))
    return {"number": [impute, ("scale", StandardScaler())], "scaled": [impute]}.get(makes, [])


def _places(layout: Layout) -> tuple[list[int], list[int], list[int]]:
    places = list(range(len(layout.names)))
    first, second = len(layout.numbers), len(layout.numbers) + len(layout.categories)
    return places[:first], places[first:second], places[second:]


def _indicators(frame: pl.DataFrame, places: list[int], bounds: Features) -> OneHotEncoder:
    """One indicator a frequent word."""
    words = [sorted(frequent_words(frame[:, place], bounds.max_categories)) for place in places]
    return OneHotEncoder(categories=words, handle_unknown="ignore", dtype=np.float32)


def _many(frame: pl.DataFrame, places: list[int], bounds: Features, task: Task) -> list[int]:
    """Categories with more words than there are indicators, where a mean can say more about them."""
    most = bounds.max_categories
    if task.mean is None or len(frame) < ROWS_FOR_MEANS:
        return []
    return [place for place in places if len(frequent_words(frame[:, place], most + 1)) > most]


def _means(frame: pl.DataFrame, places: list[int], bounds: Features, task: Task) -> TargetEncoder:
    """The mean target of each word, learnt out of fold, so that no row tells its own target (D. Micci-Barreca 2001)."""
    most = bounds.max_categories * WORDS_WITH_MEAN
    return TargetEncoder(
        categories=[sorted(frequent_words(frame[:, place], most)) for place in places],
        target_type=task.mean,
        cv=StratifiedKFold(FOLDS) if task.classifies else KFold(FOLDS),
    )


def frequent_words(words: pl.Series, most: int, fewest: int = ENOUGH_ROWS) -> list[str]:
    """The words of at least `fewest` rows, or else the most frequent one; at most `most`, most frequent first."""
    counts = words.alias("word").value_counts(name="rows").sort(["rows", "word"], descending=[True, False])
    return counts.filter((pl.col("rows") >= fewest) | (pl.int_range(pl.len()) == 0))["word"].head(most).to_list()


def _words(texts: pl.Series, most: int) -> dict[str, Any]:
    """How a text is cut into words, and which of them count."""
    found = frequent_words(texts.str.split(" ").list.unique().explode().replace("", None).drop_nulls(), most)
    # A vocabulary cannot be empty.
    return {
        "vocabulary": sorted(found) or ["_"],
        "token_pattern": WORD,
        "lowercase": False,
        "dtype": np.float32,
    }


def as_float32(encoders: Any) -> None:
    """Round what was learnt to the float32 that the graph will hold, so that both compute the same."""
    if isinstance(encoders, ColumnTransformer):
        encoders = Pipeline([item[:2] for item in encoders.transformers_])
    for step in encoders.named_steps.values() if isinstance(encoders, Pipeline) else [encoders]:
        if step == "drop":
            continue
        if isinstance(step, ColumnTransformer | Pipeline):
            as_float32(step)
        for name in {"statistics_", "center_", "mean_", "min_", "scale_", "target_mean_"} & vars(step).keys():
            setattr(step, name, _rounded(getattr(step, name)))
        if isinstance(step, TargetEncoder):
            step.encodings_ = [_rounded(values) for values in step.encodings_]


def _rounded(values: Any) -> Any:
    return np.asarray(values, dtype=np.float32).astype(np.float64)[()]
