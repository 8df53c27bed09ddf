"""Text in and out: the byte-level tokenizer and the format in which a conversation is written."""

from .chat import check_messages, encode_dialogue, encode_prompt
from .tokenizer import Tokenizer

__all__ = ["Tokenizer", "check_messages", "encode_dialogue", "encode_prompt"]
