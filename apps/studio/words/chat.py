"""The Chat tab. key: (English, Chinese)."""

STRINGS: dict[str, tuple[str, str]] = {
    "chat.tab": ("Chat", "聊天"),
    "chat.model": ("Model", "模型"),
    "chat.conversation": ("Conversation", "对话"),
    "chat.message": ("Your message", "你的消息"),
    "chat.placeholder": ("Write a message", "输入消息"),
    "chat.empty": (
        "### Ask something small\nFacts, stories, opposites and translations from its little world. "
        "Other generations are one click away.",
        "### 问点简单的\n它的小世界里有常识、故事、反义词和翻译。换一代模型，只需点一下。",
    ),
    "chat.send": ("Send", "发送"),
    "chat.stop": ("Stop", "停止"),
    "chat.retry": ("Try again", "重新回答"),
    "chat.clear": ("New chat", "新对话"),
    "chat.hint": (
        "To change something you said, use the pencil beside it: the chat goes on from there.",
        "想改自己说过的话，点旁边的铅笔，对话会从那里重新开始。",
    ),
    "chat.silent": (
        "It ended at once, without a word. Try again, or say more.",
        "它一个字没说就结束了。可以重新回答，或多说几句。",
    ),
}

# Each list is the same length in both languages: a prompt is a button, and the switch changes its words.
CHAT_EXAMPLES: dict[str, tuple[str, ...]] = {
    "en": (
        "What is your name?",
        "What is the capital of France?",
        "What did GPT-2 change?",
        "Tell me a short story about a cat.",
        "What is attention?",
        "What is the opposite of big?",
        "How do I steal a ball?",
        "Tell me a joke.",
    ),
    "zh": (
        "你叫什么名字？",
        "法国的首都是哪里？",
        "GPT-2改变了什么？",
        "讲一个关于猫的小故事。",
        "注意力机制是什么？",
        "“大”的反义词是什么？",
        "怎么偷别人的球？",
        "给我讲个笑话。",
    ),
}
