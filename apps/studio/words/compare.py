"""The Compare tab. key: (English, Chinese)."""

STRINGS: dict[str, tuple[str, str]] = {
    "compare.tab": ("Compare", "对比"),
    "compare.intro": (
        "One beginning, every generation, the same dice.",
        "同一个开头，每一代各写各的，用同一个随机种子。",
    ),
    "compare.prompt": ("Beginning of a text, or a question", "一段开头，或一个问题"),
    "compare.placeholder": ("Once upon a time", "从前"),
    "compare.models": ("Models", "模型"),
    "compare.as_chat": ("Chat models answer; base models continue the page", "对话模型作答，基座模型续写"),
    "compare.as_chat_hint": (
        "Off: every model simply continues your text.",
        "关闭后，所有模型都只是续写你的文字。",
    ),
    "compare.run": ("Compare", "开始对比"),
    "compare.stop": ("Stop", "停止"),
    "compare.reseed": ("Roll the dice again", "换个种子再来"),
    "compare.waiting": ("Its text will appear here.", "它写的文字会出现在这里。"),
    "compare.silent": ("(It ended at once, without a word.)", "（它一个字没写就结束了。）"),
    "compare.answers": ("answers", "作答"),
    "compare.continues": ("continues", "续写"),
    "compare.translates": ("translates it", "译文"),
    "compare.fills": ("fills the gaps", "填空"),
}

COMPARE_EXAMPLES: dict[str, tuple[str, ...]] = {
    "en": (
        "Once upon a time there was a cat",
        "The capital of France is",
        "What is GPT-3?",
        "Q: What is the capital of Japan?\nA:",
        "What is attention?",
    ),
    "zh": (
        "从前",
        "法国的首都是",
        "GPT-3是什么？",
        "问：日本的首都是哪里？\n答：",
        "注意力机制是什么？",
    ),
}
