"""Training: one loop, and one short file for each objective that runs in it."""

from .dpo import DirectPreference, PreferencePair, collect_pairs
from .loop import Interrupted, choose_device, train
from .pretrain import Pretraining
from .recipe import Recipe
from .resume import TrainingState
from .sft import SupervisedFineTuning

__all__ = [
    "DirectPreference",
    "Interrupted",
    "PreferencePair",
    "Pretraining",
    "Recipe",
    "SupervisedFineTuning",
    "TrainingState",
    "choose_device",
    "collect_pairs",
    "train",
]
