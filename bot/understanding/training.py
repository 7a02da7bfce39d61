"""Trains the embedded parser's experts on the examples, with a fixed seed.

Only this module needs torch and scikit-learn.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from bot.understanding import lexical
from bot.understanding.model import Linear, Network, Vector

HIDDEN = 256
EPOCHS = 25
_BATCH = 64
_DROPOUT = (0.3, 0.5)
_SMOOTHING = 0.05
_RATE = 1e-3
_DECAY = 1e-2
_STRENGTH = 30.0
"""Inverse strength of the linear model's L2 penalty."""


def fit_linear(texts: Sequence[str], labels: NDArray[np.int64]) -> Linear:
    """Multinomial logistic regression over the n-grams of normal texts."""
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    rows = [lexical.buckets(text) for text in texts]
    counts = np.bincount(np.concatenate(rows), minlength=lexical.BUCKETS)
    idf = (np.log((1 + len(texts)) / (1 + counts)) + 1).astype(np.float16).astype(np.float32)
    values = [idf[row] / np.linalg.norm(idf[row]) for row in rows]
    starts = np.cumsum([0, *map(len, rows)])
    shape = (len(texts), lexical.BUCKETS)
    matrix = csr_matrix((np.concatenate(values), np.concatenate(rows), starts), shape=shape)
    model = LogisticRegression(C=_STRENGTH, max_iter=300, tol=1e-3).fit(matrix, labels)
    weights = np.asarray(model.coef_.T, dtype=np.float32)
    return Linear(idf, weights, np.asarray(model.intercept_, dtype=np.float32))


def fit_network(
    features: Vector, labels: NDArray[np.int64], progress: Callable[[float], None]
) -> Network:
    """A network with one hidden layer over the encoder's features, shape (examples, features)."""
    import torch

    torch.manual_seed(0)
    mean, scale = features.mean(axis=0), 1 / (features.std(axis=0) + 1e-6)
    given, wanted = torch.from_numpy((features - mean) * scale), torch.from_numpy(labels)
    hidden = torch.nn.Linear(features.shape[1], HIDDEN)
    out = torch.nn.Linear(HIDDEN, int(labels.max()) + 1)
    drop_in, drop_out = map(torch.nn.Dropout, _DROPOUT)
    layers = torch.nn.Sequential(drop_in, hidden, torch.nn.ReLU(), drop_out, out)
    optimiser = torch.optim.AdamW(layers.parameters(), lr=_RATE, weight_decay=_DECAY)
    batches = -(-len(labels) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=EPOCHS * batches)
    for epoch in range(EPOCHS):
        order = torch.randperm(len(labels))
        for start in range(0, len(labels), _BATCH):
            batch = order[start : start + _BATCH]
            optimiser.zero_grad()
            found = layers(given[batch])
            loss = torch.nn.functional.cross_entropy(
                found, wanted[batch], label_smoothing=_SMOOTHING
            )
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
        progress((epoch + 1) / EPOCHS)
    weights = [
        part.detach().numpy().astype(np.float32)
        for part in (hidden.weight.T, hidden.bias, out.weight.T, out.bias)
    ]
    return Network(mean.astype(np.float32), scale.astype(np.float32), *weights)
