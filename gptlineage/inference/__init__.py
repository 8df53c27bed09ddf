"""From a trained model to text: sampling, decoding with the cache, and the engine that every front end shares."""

from .batch import reply_to_all, sample_batch
from .best_of_n import best_of_n
from .checkpoint import load_model, load_scorer, save_model
from .engine import LanguageModel, load, load_language_model, model_names
from .fill import Filler
from .generate import generate_ids, generate_text
from .loaded import Loaded
from .sampling import Sampling
from .translate import Translator

__all__ = [
    "Filler",
    "LanguageModel",
    "Loaded",
    "Sampling",
    "Translator",
    "best_of_n",
    "generate_ids",
    "generate_text",
    "load",
    "load_language_model",
    "load_model",
    "load_scorer",
    "model_names",
    "reply_to_all",
    "sample_batch",
    "save_model",
]
