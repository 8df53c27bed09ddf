"""The Arena tab. key: (English, Chinese)."""

STRINGS: dict[str, tuple[str, str]] = {
    "arena.tab": ("Arena", "竞技场"),
    "arena.intro": (
        "Two replies, no names. You are the judge.",
        "两个回答，不署名，由你来评判。",
    ),
    "arena.prompt": ("Something to ask", "问点什么"),
    "arena.placeholder": ("What is the capital of Japan?", "日本的首都是哪里？"),
    "arena.models": ("Who may be drawn", "参赛模型"),
    "arena.models_hint": (
        "Two of these are drawn by lot. With one alone, two replies of its own compete: such votes teach it best.",
        "从中随机抽取两个。只选一个时，由它自己的两个回答对决，这样的票最适合教它。",
    ),
    "arena.run": ("Ask both", "同时提问"),
    "arena.stop": ("Stop", "停止"),
    "arena.example": ("Ask something for me", "替我问一个"),
    "arena.corner_left": ("Reply A", "回答 A"),
    "arena.corner_right": ("Reply B", "回答 B"),
    "arena.left": ("A is better", "A 更好"),
    "arena.right": ("B is better", "B 更好"),
    "arena.tie": ("As good", "一样好"),
    "arena.bad": ("Both bad", "都不好"),
    "arena.vote": ("Which one is better? The names come after your vote.", "哪个更好？投票后公布模型名称。"),
    "arena.thanks": ("Counted. Ask the next one.", "已计票。可以问下一个。"),
    "arena.no_votes": ("No votes yet.", "还没有投票。"),
    "arena.ratings": (
        "Ratings from {n} votes (400 points more win ten times as often; 95 % intervals)",
        "{n} 张票得出的评分（高 400 分表示胜率是对方的十倍；95% 区间）",
    ),
    "arena.model": ("Model", "模型"),
    "arena.rating": ("Rating", "评分"),
    "arena.interval": ("Interval", "区间"),
    "arena.votes": ("Votes", "票数"),
    "arena.file": (
        "Your votes lie in {path} on this computer, with what was asked and answered and nothing about you. "
        "Let a model learn from them: gptlineage prefer chatgpt {path}",
        "投票保存在本机的 {path} 中，只含问题、回答和选择，不含个人信息。"
        "让模型向它们学习：gptlineage prefer chatgpt {path}",
    ),
    "arena.learn": ("Learn from my votes", "向我的投票学习"),
    "arena.learn_hint": (
        "The newest chat model chosen above learns your taste: two minutes or so, in the background.",
        "让上面选中的最新的对话模型学习你的口味，在后台运行，约两分钟。",
    ),
    "arena.learning": (
        "Learning: {done} %. You may go on, or close the page.",
        "学习中：{done}%。可以继续使用，也可以关闭页面。",
    ),
    "arena.learnt": (
        "The last to learn from your votes: {name}. Reload the page if another tab does not offer it yet.",
        "最近一个向你的投票学习的模型：{name}。如果其他页面还没有它，请刷新。",
    ),
    "arena.no_pupil": (
        "Choose a model that was taught to chat; only such a one can learn from votes.",
        "请选择一个学过对话的模型，只有这样的模型才能向投票学习。",
    ),
    "arena.delete": ("Delete all votes", "删除所有投票"),
    "arena.really": ("Really delete", "确认删除"),
}
