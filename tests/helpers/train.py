"""train.py FILE EPOCHS: trains one layer on a data file that is mapped, in shuffled batches of 1 MiB, as training jobs do."""
import sys

import numpy

data = numpy.memmap(sys.argv[1], dtype="float32", mode="r").reshape(-1, 256, 1024)
generator = numpy.random.default_rng(1)
weights = generator.standard_normal((1024, 32), dtype="float32") / 32
for epoch in range(int(sys.argv[2])):
    for batch in generator.permutation(len(data)):
        rows = numpy.array(data[batch])
        hidden = numpy.tanh(rows @ weights)
        weights -= 1e-6 * rows.T @ (hidden * (1 - hidden * hidden))
print(f"{weights.std():.6f}")
