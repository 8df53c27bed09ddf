"""From a trained model to text: sampling, decoding with the cache, and the engine that every front end shares."""

from .batch import reply_to_all, sample_batch
from .checkpoint import load_model, save_model
from .engine import LanguageModel, load, model_names
from .generate import generate_ids, generate_text
from .sampling import Sampling

__all__ = [
    "LanguageModel",
    "Sampling",
    "generate_ids",
    "generate_text",
    "load",
    "load_model",
    "model_names",
    "reply_to_all",
    "sample_batch",
    "save_model",
]
