"""Text encoders: one short interface, four ways to fill it.

Importing this module costs only numpy. onnxruntime, tokenizers, torch and
sentence_transformers are imported by the class that needs them.
"""

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from scoring.light import HashEncoder as HashEncoder

Vector = NDArray[np.float32]

MODEL_FOLDER = Path("models") / "multilingual-e5-small-int8"
LOWER_FILE, UPPER_FILE = "lower.onnx", "upper.onnx"
TOKENIZER_FILE = "tokenizer.json"
MANIFEST_FILE = "manifest.json"
MODEL_FILES = (LOWER_FILE, UPPER_FILE, TOKENIZER_FILE)
MANIFEST_FORMAT = 4
TOKENS, STATES, FEATURES, VECTOR = "input_ids", "states", "features", "sentence_vector"
"""What goes into and out of the two graphs: tokens give states and features, and states give the
vector and further features."""
MAX_TOKENS = 512
E5_PREFIX = "query: "


class ModelError(ValueError):
    """A model or its setting is unusable. One line: what, where, how to mend it."""


class Encoder(Protocol):
    """What turns a text into a vector.

    `name` says which model it is, `sha256` (64 hex digits) changes whenever its vectors may
    change, `dimensions` is the length of a vector.
    """

    @property
    def name(self) -> str: ...

    @property
    def sha256(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def encode(self, text: str) -> Vector:
        """Return the unit vector of `text`: float32, shape (dimensions,)."""
        ...

    def features(self, text: str) -> Iterator[Vector]:
        """Yield what a classifier of texts reads, piece by piece; a further piece costs more time.

        Each piece is float32 and of one length. Its first `dimensions` numbers say what the text is
        about: the more alike two texts are there, the more they have to do with each other.
        """
        ...


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file as 64 hex digits. Raises OSError if it cannot be read."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_current(folder: Path) -> bool:
    """Whether a model was prepared there in this version's format; it may be damaged all the same.

    An unreadable manifest counts as current: `check_folder` says what is wrong with it.
    """
    try:
        manifest = json.loads((folder / MANIFEST_FILE).read_text("utf-8"))
        return bool(manifest["format"] == MANIFEST_FORMAT)
    except FileNotFoundError:
        return folder.exists()
    except (OSError, KeyError, TypeError, ValueError):
        return True


def check_folder(folder: Path) -> dict[str, Any]:
    """Return the manifest of a prepared model after checking each file's sha256 against it.

    Raises ModelError if the folder is missing, half made, of another format or altered.
    """
    mend = "run `miantan prepare`"
    try:
        manifest = json.loads((folder / MANIFEST_FILE).read_text("utf-8"))
        if manifest["format"] != MANIFEST_FORMAT:
            raise ModelError(f"model of another version in {folder}: {mend}")
        for name in MODEL_FILES:
            if file_sha256(folder / name) != manifest["files"][name]:
                raise ModelError(f"{folder / name} differs from its manifest (sha256): {mend}")
    except FileNotFoundError as error:
        raise ModelError(f"no prepared model, {error.filename} is missing: {mend}") from error
    except (OSError, KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise ModelError(f"unreadable model in {folder} ({reason}): {mend}") from error
    return dict(manifest)


def _clean(text: str) -> str:
    """Return `text` with lone surrogates, which no tokenizer takes, replaced by '?'."""
    return text.encode("utf-8", "replace").decode("utf-8")


class OnnxEncoder:
    """A model made by `scoring.prepare`, run by ONNX Runtime.

    Each text is encoded alone, as int8 vectors would otherwise depend on the other texts of the
    batch. The first 512 tokens count. Safe to use from several threads, and deterministic.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Load the model; `threads` >= 1 is the number of threads one `encode` may use.

        Raises ModelError if the folder is not as its manifest says.
        """
        manifest = check_folder(folder)
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._lower, self._upper = (
            onnxruntime.InferenceSession(
                str(folder / name),
                options,
                providers=["CPUExecutionProvider"],
                # What it would put together runs four times as fast apart.
                disabled_optimizers=["SkipLayerNormFusion"],
            )
            for name in (LOWER_FILE, UPPER_FILE)
        )
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._prefix = str(manifest["prefix"])
        self.name = str(manifest["name"])
        self.dimensions = int(manifest["dimensions"])
        digests = "".join(manifest["files"][name] for name in MODEL_FILES)
        self.sha256 = hashlib.sha256(digests.encode()).hexdigest()

    def encode(self, text: str) -> Vector:
        """Return the unit vector of `text`: float32, shape (dimensions,)."""
        states, _ = self._run_lower(text)
        [found] = self._upper.run([VECTOR], {STATES: states})
        vector: Vector = found[0]
        return vector

    def features(self, text: str) -> Iterator[Vector]:
        """Yield means and maxima over the tokens of lower layers, then of upper ones.

        `scoring.graph` says of which.
        """
        states, lower = self._run_lower(text)
        yield lower
        [upper] = self._upper.run([FEATURES], {STATES: states})
        yield upper[0]

    def _run_lower(self, text: str) -> tuple[NDArray[np.float32], Vector]:
        """The states after the lower half, shape (1, tokens, dimensions), and the features."""
        tokens = self._tokenizer.encode(self._prefix + _clean(text)).ids
        given = {TOKENS: np.array([tokens], dtype=np.int64)}
        states, features = self._lower.run([STATES, FEATURES], given)
        return states, features[0]


class TorchEncoder:
    """Any SentenceTransformer, by hub id or folder. Needs torch; slower than OnnxEncoder."""

    def __init__(self, model: str, threads: int = 1) -> None:
        """Load the model; `threads` >= 1 is set for the whole process, as torch has it.

        Models with "e5" in their name get the prefix "query: ".
        Raises ModelError if sentence_transformers is missing or cannot load the model.
        """
        try:
            import torch
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise ModelError(
                f"the encoder torch:{model} needs sentence-transformers ({error}): "
                "install it, or use e5-small-int8"
            ) from error
        torch.set_num_threads(threads)
        try:
            self._model = SentenceTransformer(model, device="cpu")
        except (OSError, ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise ModelError(
                f"cannot load the encoder torch:{model} ({reason}): "
                "check the folder or hub id and the network"
            ) from error
        self._prefix = E5_PREFIX if "e5" in Path(model).name.lower() else ""
        self._lock = threading.Lock()
        self.name = model
        self.sha256 = self._fingerprint()
        self.dimensions = len(self.encode(""))

    def _fingerprint(self) -> str:
        """Return the sha256 over the prefix and every weight of the model."""
        import torch

        digest = hashlib.sha256(self._prefix.encode())
        for name, tensor in sorted(self._model.state_dict().items()):
            digest.update(name.encode())
            digest.update(tensor.contiguous().flatten().view(torch.uint8).numpy())
        return digest.hexdigest()

    def encode(self, text: str) -> Vector:
        """Return the unit vector of `text`: float32, shape (dimensions,)."""
        with self._lock:  # the tokenizer is not made for several threads
            vector = self._model.encode(
                _clean(text),
                prompt=self._prefix,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
        return np.asarray(vector, dtype=np.float32)

    def features(self, text: str) -> Iterator[Vector]:
        """Yield the unit vector of `text` again; its layers are not looked into."""
        yield self.encode(text)


class CachedEncoder:
    """Another encoder with its most recently used vectors kept in memory, for any thread.

    Two threads that ask for a new text at once may both compute it; both get the same array.
    """

    def __init__(self, encoder: Encoder, size: int = 50_000) -> None:
        """Keep at most `size` vectors (1.5 kB each at 384 dimensions)."""
        self._encoder = encoder
        self._size = size
        self._lock = threading.Lock()
        self._vectors: OrderedDict[bytes, Vector] = OrderedDict()
        self.name = encoder.name
        self.sha256 = encoder.sha256
        self.dimensions = encoder.dimensions

    def encode(self, text: str) -> Vector:
        """Return the unit vector of `text`: float32, shape (dimensions,), read-only."""
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            if key in self._vectors:
                self._vectors.move_to_end(key)
                return self._vectors[key]
        vector = self._encoder.encode(text)
        vector.setflags(write=False)
        with self._lock:
            kept = self._vectors.setdefault(key, vector)
            while len(self._vectors) > self._size:
                self._vectors.popitem(last=False)
        return kept

    def features(self, text: str) -> Iterator[Vector]:
        """Return the features of `text`, which are not kept."""
        return self._encoder.features(text)


def load_encoder(setting: str, home: Path, threads: int) -> Encoder:
    """Return the encoder that `setting` names, using `threads` threads (>= 1) for a text.

    "e5-small-int8" is the model prepared in `home`; "torch:<hub id or folder>" a
    SentenceTransformer; "light" the HashEncoder. The whole process's matrix products are held to
    as many threads: for vectors, more only keep other cores busy waiting. Raises ModelError for anything else, for a
    model that is not prepared or altered, and for one that cannot be loaded.
    """
    if threads < 1:
        raise ModelError(f"encoder threads must be 1 or more, not {threads}: mend the setting")
    threadpool_limits(threads, user_api="blas")
    if setting == "e5-small-int8":
        return OnnxEncoder(home / MODEL_FOLDER, threads)
    if setting == "light":
        return HashEncoder()
    kind, _, model = setting.partition(":")
    if kind == "torch" and model:
        return TorchEncoder(model, threads)
    raise ModelError(
        f"unknown encoder {setting!r} in the settings: "
        "use e5-small-int8, torch:<hub id or folder> or light"
    )
