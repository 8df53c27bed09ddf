"""From any source of text to batches of token ids: sources -> shards -> batches."""

from .batches import Batches
from .pairs import BITEXT, FilePairs, Pairs, WorldPairs, open_pairs
from .shards import Shard, ShardWriter, prepare
from .sources import FileSource, Source, WorldSource, open_source

__all__ = [
    "BITEXT",
    "Batches",
    "FilePairs",
    "FileSource",
    "Pairs",
    "Shard",
    "ShardWriter",
    "Source",
    "WorldPairs",
    "WorldSource",
    "open_pairs",
    "open_source",
    "prepare",
]
