"""From any source of text to batches of token ids: sources -> shards -> batches."""

from .batches import Batches
from .shards import Shard, ShardWriter, prepare
from .sources import FileSource, Source, WorldSource, open_source

__all__ = ["Batches", "FileSource", "Shard", "ShardWriter", "Source", "WorldSource", "open_source", "prepare"]
