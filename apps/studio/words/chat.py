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
    "chat.system": ("System message: how it should behave", "系统消息：它该怎么做"),
    "chat.system_message": ("System message", "系统消息"),
    "chat.system_hint": (
        "It stands before everything you say. ChatGPT was shown four kinds of them and obeys more often than not; "
        "earlier generations never saw one.",
        "它排在你说的一切之前。ChatGPT 学过四种，大半会照做；更早的几代从没见过。",
    ),
    "chat.kept": ("Your conversations: open, save, delete", "我的对话：打开、保存、删除"),
    "chat.others": ("Conversations", "对话"),
    "chat.others_hint": (
        "The last fifty stay in this browser, and nowhere else.",
        "最近五十个对话只保存在这个浏览器里。",
    ),
    "chat.forget": ("Delete this one", "删除这一个"),
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

# The kinds that the world's conversations begin with, in the words of its training.
SYSTEM_EXAMPLES: dict[str, tuple[str, ...]] = {
    "en": ("Answer in Chinese.", "Be very brief.", "Answer in one word.", 'Always say "meow" at the end.'),
    "zh": ("用英语回答。", "回答要非常简短。", "只用一个词回答。", "每次回答都以“喵”结尾。"),
}
