"""The fitted model as MLflow logs one by itself: `python mlflow_model.py PACKAGE FOLDER`, in the project's folder."""

import sys
from importlib import import_module
from pathlib import Path

import mlflow
import polars as pl

package, folder = sys.argv[1], Path(sys.argv[2])
artifacts = import_module(f"{package}.artifacts")
predictor = import_module(f"{package}.predictor.predictor").Predictor.load(Path(artifacts.MODEL.path))
trained = artifacts.TRAINED.read(Path(artifacts.TRAINED.path))
rows = pl.read_parquet(artifacts.HOLDOUT.path)
frame = import_module(f"{package}.features.frame").model_frame(predictor.contract, rows).to_pandas()
mlflow.sklearn.save_model(
    trained.model,
    folder,
    serialization_format="cloudpickle",
    input_example=frame.head(1),
    signature=mlflow.models.infer_signature(frame),
    pyfunc_predict_fn="predict_proba" if predictor.contract.labels else "predict",
)
