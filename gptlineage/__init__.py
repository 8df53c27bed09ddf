"""gptlineage: how attention became ChatGPT, as a program that a laptop trains in minutes.

    import gptlineage as gl
    gl.generations()                              every generation, oldest first
    gl.build(gl.generation("gpt-2").config())     a fresh model: ids [B, T] -> logits [B, T, V]
    lm = gl.load("gpt-2")                         a released miniature, or a run directory
    lm.generate("Once upon a time", seed=0)
    gl.load("chatgpt").chat([{"role": "user", "content": "Hello"}])
"""

from .errors import UserError
from .inference import LanguageModel, Sampling, load, model_names
from .lineage import Generation, diff, generation, generations
from .model import ConfigError, ModelConfig, build

__version__ = "0.1.0"

__all__ = [
    "ConfigError",
    "Generation",
    "LanguageModel",
    "ModelConfig",
    "Sampling",
    "UserError",
    "build",
    "diff",
    "generation",
    "generations",
    "load",
    "model_names",
]
