"""What one row means: configs/contract.yaml, from which all else follows."""
