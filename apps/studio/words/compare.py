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
    "compare.question": ("A question of the exam", "考一道题"),
    "compare.change": ("Change {word}", "修改{word}"),
    "compare.change_hint": (
        "Click a word to change it; Enter runs all of them again with the same seed.",
        "点一个字词来修改，按回车，所有模型用同一个种子重写。",
    ),
    "compare.same": (
        "{same} of {n} words and signs as before; what is new is marked.",
        "{n} 个字词和标点中有 {same} 个与上次相同，新的已标出。",
    ),
    "compare.unchanged": ("Exactly what it wrote before.", "和上次写的完全一样。"),
    "compare.save": ("What is shown, for a slide:", "把结果放进幻灯片："),
    # Scores and the order of the columns.
    "score.title": ("Score them, line them up", "打分与排列"),
    "score.label": ("Score", "打分"),
    "score.hint": (
        "How likely each finds an answer of yours; what the judge of the exam says; what a reward model says.",
        "各模型认为你给的答案有多可能；考试的评判者怎么判；奖励模型给几分。",
    ),
    "score.none": ("None", "不打分"),
    "score.likelihood": ("Likelihood of an answer", "答案的似然"),
    "score.judge": ("The judge", "评判者"),
    "score.reward": ("A reward model", "奖励模型"),
    "score.answer": ("Answer", "答案"),
    "score.answer_hint": (
        "As it would follow your prompt. Nats per token compare models that cut words into the same tokens, bits per "
        "byte compare any two; the fewer, the likelier, and 0 is certain.",
        "接在提示后面的文字。每词元奈特数只适合比较分词方式相同的模型，每字节比特数适合任意两个模型；"
        "越小越可能，0 表示确定无疑。",
    ),
    "score.rewarder": ("Whose reward model", "谁的奖励模型"),
    "score.rewarder_hint": (
        "It learnt what people prefer. Only scores of texts for the same prompt can be compared.",
        "它学过人们更喜欢什么。只有同一提示下的得分才能相互比较。",
    ),
    "score.no_question": (
        'The judge knows the answers to the world\'s own questions only: press "A question of the exam".',
        "评判者只知道小世界里的题目的答案：请按“考一道题”。",
    ),
    "score.no_reward": (
        "There is no reward model here yet: let a model learn from votes in the Arena, or train GPT-3.5.",
        "这里还没有奖励模型：在竞技场让模型从投票中学习，或训练 GPT-3.5。",
    ),
    "order.label": ("Line up", "排列"),
    "order.hint": ("From left to right; texts stay as they are.", "从左到右；文字保持不变。"),
    "order.listed": ("As listed", "默认"),
    "order.year": ("By year", "按年份"),
    "order.score": ("By score", "按得分"),
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
