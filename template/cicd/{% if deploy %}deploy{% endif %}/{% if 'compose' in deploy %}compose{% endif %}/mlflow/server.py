"""MLflow's server in its container: the address of the database with its password, and the bucket, before it starts."""

import os
import sys
import urllib.parse

import boto3

backend = urllib.parse.urlsplit(os.environ["BACKEND_STORE"])
password = urllib.parse.quote(os.environ["POSTGRES_PASSWORD"], safe="")
store = backend._replace(netloc=f"{backend.username}:{password}@{backend.netloc.rpartition('@')[2]}").geturl()
bucket = os.environ["ARTIFACTS_BUCKET"]
client = boto3.client("s3", endpoint_url=os.environ["MLFLOW_S3_ENDPOINT_URL"])
if bucket not in {each["Name"] for each in client.list_buckets()["Buckets"]}:
    client.create_bucket(Bucket=bucket)
# In the environment no list of processes shows the password. Where it listens stands there, too: MLFLOW_HOST, MLFLOW_PORT.
os.environ["MLFLOW_BACKEND_STORE_URI"] = store
server = [sys.executable, "-m", "mlflow", "server", "--artifacts-destination", f"s3://{bucket}"]
os.execv(sys.executable, [*server, "--allowed-hosts", os.environ["ALLOWED_HOSTS"]])  # noqa: S606 - it becomes the server
