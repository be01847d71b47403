"""Prove from inside a container that the service answers the model's own example, or that it waits for a model as it shall."""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import onnxruntime

base = f"http://127.0.0.1:{os.environ['PORT']}"
for _ in range(300):
    try:
        urllib.request.urlopen(f"{base}/health/ready", timeout=2)
        break
    except urllib.error.HTTPError as refusal:
        if not Path(os.environ["MODEL_PATH"]).exists() and b'"No model yet"' in refusal.read():
            sys.stdout.write("It lives, and waits for a model.\n")
            sys.exit(0)
        time.sleep(0.1)
    except OSError:
        time.sleep(0.1)
else:
    sys.exit("The service was not ready within 30 s.")

model = onnxruntime.InferenceSession(os.environ["MODEL_PATH"], providers=["CPUExecutionProvider"])
about = json.loads(model.get_modelmeta().custom_metadata_map["model"])
request = urllib.request.Request(
    f"{base}/predict",
    data=json.dumps({"instances": [about["example"]]}).encode(),
    headers={"Content-Type": "application/json"},
)
with urllib.request.urlopen(request, timeout=10) as response:
    answer = json.load(response)
if len(answer["predictions"]) != 1:
    sys.exit(f"One row was sent, and {len(answer['predictions'])} predictions came back.")
sys.stdout.write(f"{answer['model']['name']} {answer['model']['version']} predicts {answer['predictions'][0]}\n")
