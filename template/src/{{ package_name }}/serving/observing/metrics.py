"""What is predicted, in numbers for Prometheus."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from ..metrics import Spread
from ..observer import Answered, Observer, Watch

if TYPE_CHECKING:
    from ...predictor.predictor import Predictor
    from ..answering import Answering
    from ..service import Service

_PROBABILITIES = tuple(step / 10 for step in range(1, 11))
_MAGNITUDES = tuple(digit * 10.0**power for power in range(4) for digit in (1, 2, 5))
# The 1-2-5 series on both sides of zero suits a target whose scale is not known here.
_NUMBERS = tuple(chain((-value for value in reversed(_MAGNITUDES)), (0.0,), _MAGNITUDES))
# A series each: a wide table must not fill the memory of who watches.
_MOST_COLUMNS = 100


class PredictionMetrics(Collector):
    """Rows, their values, and the words in them that the model does not know."""

    def __init__(self, model: Predictor) -> None:
        self._rows: Counter[str] = Counter()
        self._unseen: Counter[str] = Counter()
        self._bounds = _PROBABILITIES if model.contract.labels else _NUMBERS
        self._values = Spread(self._bounds)
        self.begin(model)

    def begin(self, model: Predictor) -> None:
        """Say which model answers from now on."""
        self._model, self._since = model, _moment(model)
        bounds = _PROBABILITIES if model.contract.labels else _NUMBERS
        if bounds is not self._bounds:
            self._bounds, self._values = bounds, Spread(bounds)
        for label in model.contract.labels or ("",):
            self._rows[label] += 0
        for column in self._columns(model):
            self._unseen[column] += 0

    def observe(self, answered: Answered) -> None:
        """Count the rows of one run."""
        model, predictions = answered.model, answered.predictions
        # What takes long comes first: who reads in between has the counts of the same rows.
        unseen = model.unseen(answered.columns)
        values: list[float] = predictions.values.tolist()
        for value in values:
            self._values.add(value)
        if predictions.labels is None:
            self._rows[""] += len(values)
        else:
            labels = model.contract.labels
            for index in predictions.labels.tolist():
                self._rows[labels[index]] += 1
        for column, count in unseen.items():
            if count and column in self._unseen:
                self._unseen[column] += count

    def collect(self) -> Iterator[Metric]:
        """The counts as Prometheus has them."""
        said = "Predicted rows; the label is empty for regression."
        rows = CounterMetricFamily("serving_predictions", said, labels=["label"])
        for label, count in self._rows.items():
            rows.add_metric([label], count)
        said = f"Words that the model does not know, by column; of the first {_MOST_COLUMNS} columns."
        unseen = CounterMetricFamily("serving_unseen_categories", said, labels=["column"])
        for column, count in self._unseen.items():
            unseen.add_metric([column], count)
        said = "Predicted values: the number, or the probability of the positive label, of several labels of the chosen one."
        values = HistogramMetricFamily("serving_prediction_value", said)
        self._values.tell(values, [])
        said = "Always 1: the labels say which model is served."
        identity = GaugeMetricFamily("serving_model_info", said, labels=["name", "version", "task"])
        identity.add_metric([self._model.name, self._model.version, self._model.contract.task], 1)
        said = "When the file of the served model was written, in seconds since 1970; without a file, when it was first served."
        age = GaugeMetricFamily("serving_model_timestamp_seconds", said, self._since)
        yield from (rows, unseen, values, identity, age)

    def _columns(self, model: Predictor) -> Iterator[str]:
        return islice(model.about.vocabularies, max(0, _MOST_COLUMNS - len(self._unseen)))


def _moment(model: Predictor) -> float:
    """When a model came into the world, as far as can be seen: a copy keeps the time of its file if it is told to."""
    try:
        return model.path.stat().st_mtime
    except OSError:
        return time.time()


def _start(service: Service) -> Watch:
    metrics = PredictionMetrics(service.models.current.model)

    def begin(answering: Answering) -> None:
        metrics.begin(answering.model)

    service.models.on_publish(begin)
    service.registry.register(metrics)
    return Watch(observe=metrics.observe)


METRICS = Observer(name="metrics", start=_start)
