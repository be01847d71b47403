"""The registered model as MLflow loads it: rows with the columns of the contract, checked and answered as by the service."""
