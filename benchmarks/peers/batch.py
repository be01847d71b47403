"""A bare onnxruntime loop over a parquet file: `python batch.py IN OUT`; the graph as in `model.py`.

Read, run and write, a part at a time; nothing is checked.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pyarrow as pa
import pyarrow.parquet as pq

_ROWS = 100_000
session = ort.InferenceSession(os.environ["MODEL"], providers=["CPUExecutionProvider"])
columns = json.loads(Path(os.environ["COLUMNS"]).read_text(encoding="utf-8"))
types = {each.name: np.float32 if each.type == "tensor(float)" else object for each in session.get_inputs()}
writer = None
with pq.ParquetFile(sys.argv[1]) as file:
    for part in file.iter_batches(_ROWS):
        feeds = {
            name: np.column_stack([part[column].to_numpy(zero_copy_only=False) for column in names]).astype(types[name])
            for name, names in columns.items()
        }
        feeds = {
            name: values if types[name] is np.float32 else np.where(values == None, "", values)  # noqa: E711 - each of them
            for name, values in feeds.items()
        }
        found = session.run([os.environ["OUTPUT"]], feeds)[0]
        table = pa.table({f"output {place}": found[:, place] for place in range(found.shape[1])})
        writer = writer or pq.ParquetWriter(sys.argv[2], table.schema, compression="zstd")
        writer.write_table(table)
if writer is not None:
    writer.close()
