"""Training: one loop, and one short file for each objective that runs in it."""

from .comparisons import Comparison, ask_several, compare_replies, read_comparisons, write_comparisons
from .dpo import DirectPreference
from .loop import Interrupted, choose_device, train
from .masked import MaskedLanguageModeling
from .ppo import ActorCritic, ProximalPolicy, Settings
from .pretrain import Pretraining
from .recipe import Recipe
from .resume import TrainingState
from .reward import RewardModeling, encode_reply, normalize, score_replies
from .sft import SupervisedFineTuning

__all__ = [
    "ActorCritic",
    "Comparison",
    "DirectPreference",
    "Interrupted",
    "MaskedLanguageModeling",
    "Pretraining",
    "ProximalPolicy",
    "Recipe",
    "RewardModeling",
    "Settings",
    "SupervisedFineTuning",
    "TrainingState",
    "ask_several",
    "choose_device",
    "compare_replies",
    "encode_reply",
    "normalize",
    "read_comparisons",
    "score_replies",
    "train",
    "write_comparisons",
]
