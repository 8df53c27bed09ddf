"""Header, models, settings, terminal, and the page's own errors. key: (English, Chinese)."""

STRINGS: dict[str, tuple[str, str]] = {
    "app.title": ("gptlineage studio", "gptlineage 工作室"),
    "app.tagline": (
        "From attention to ChatGPT, each step small enough to talk to.",
        "从注意力到 ChatGPT，每一步都小到可以和它聊天。",
    ),
    "app.no_models": (
        "There is no model here yet. Train the family with: gptlineage train all",
        "这里还没有模型。先训练整个家族：gptlineage train all",
    ),
    "app.footer": (
        "Miniatures trained on a small invented world, not the models of their papers. "
        "They run on this computer; nothing you type leaves it.",
        "这些是在一个自造小世界里训练的微缩模型，并非论文中的原模型。它们在这台电脑上运行，你输入的内容不会离开本机。",
    ),
    # The timeline: what each generation brought, in a few words.
    "line.label": ("The family, from 2014 to 2023", "家族时间线：2014 到 2023"),
    "line.here": ("here to try", "可以试用"),
    "line.later": ("part of the story", "家谱中的一员"),
    "line.rnnsearch": ("look back while translating", "翻译时回看原文"),
    "line.transformer": ("attention alone", "只靠注意力"),
    "line.gpt-1": ("pretrain, then adapt", "先预训练，再微调"),
    "line.bert": ("read in both directions", "双向阅读"),
    "line.gpt-2": ("tasks without tuning", "不微调也能做任务"),
    "line.gpt-3": ("learn from examples", "从示例中学习"),
    "line.gpt-3.5": ("follow instructions", "听从指令"),
    "line.chatgpt": ("hold a conversation", "学会对话"),
    "line.gpt-4": ("see, and be predicted", "会看图，可预测"),
    # What is said of a model.
    "model.parameters": ("{n}\u00a0parameters", "{n}参数"),
    "model.shape": ("{layers}\u00a0layers\u00a0×\u00a0{width}", "{layers}\u00a0层\u00a0×\u00a0{width}"),
    "model.shape_one": ("1\u00a0layer\u00a0×\u00a0{width}", "1\u00a0层\u00a0×\u00a0{width}"),
    "model.context": ("reads {n} tokens", "上下文 {n} 个词元"),
    "model.base": (
        "A base model only continues text: it is shown your chat as a page of questions and answers, and goes on.",
        "基座模型只会续写。这里把你们的聊天写成一页问答给它看，由它接着往下写。",
    ),
    "model.exam_chat": (
        "The exam: follows {instructions} of held-out instructions, knows {facts} of the facts asked.",
        "考试成绩：能照办 {instructions} 的新指令，答对 {facts} 的常识题。",
    ),
    "model.exam_base": (
        "The exam: common text costs it {bits} bits a byte (lower is better); as a page of questions and answers "
        "it knows {facts} of the facts asked and follows {instructions} of instructions.",
        "考试成绩：读普通文本每字节 {bits} 比特（越低越好）；以问答页的形式，答对 {facts} 的常识题，"
        "照办 {instructions} 的指令。",
    ),
    "model.unexamined": (
        "It has not sat the exam; in a terminal: gptlineage exam FOLDER",
        "它还没有参加考试；在终端运行：gptlineage exam 文件夹",
    ),
    # Settings
    "settings.title": ("Sampling: how boldly it writes", "采样：写得多大胆"),
    "settings.temperature": ("Temperature", "温度"),
    "settings.temperature_hint": (
        "0 always takes the likeliest word; higher is more surprising.",
        "0 表示总选最可能的词；越高越出人意料。",
    ),
    "settings.top_k": ("Top-k", "Top-k"),
    "settings.top_k_hint": (
        "Choose among the k likeliest words only; 0 for all.",
        "只在最可能的 k 个词里选；0 表示不限。",
    ),
    "settings.top_p": ("Top-p", "Top-p"),
    "settings.top_p_hint": (
        "Choose among the likeliest words that together hold this share; 1 for all.",
        "只在合计概率达到该值的最可能的词里选；1 表示不限。",
    ),
    "settings.length": ("Length", "长度"),
    "settings.length_hint": (
        "At most this many tokens (a token is a piece of a word).",
        "最多写多少个词元（词元是词的一小块）。",
    ),
    "settings.seed": ("Seed", "随机种子"),
    "settings.seed_hint": (
        "The same number gives the same text. Empty: new each time.",
        "同一个数字得到同样的文字。留空则每次不同。",
    ),
    "settings.seed_shared": (
        "All models share it. The same number gives the same texts.",
        "所有模型共用。同一个数字得到同样的文字。",
    ),
    # What is shown, as a file.
    "save.md": ("Save as Markdown", "存为 Markdown"),
    "save.json": ("Save as JSON", "存为 JSON"),
    "save.png": ("Save as a picture", "存为图片"),
    # The terminal.
    "serve.open": ("The studio is open: {url}   (Ctrl-C closes it)", "工作室已打开：{url}   （按 Ctrl-C 关闭）"),
    "serve.public": (
        "Anyone on this network can reach it, without a password.",
        "同一网络中的任何人都能打开它，没有密码保护。",
    ),
    # Errors of the page itself; the engine's own carry both languages.
    "error.too_long": (
        "That is {n} characters; the studio takes at most {most}. Shorten it.",
        "共 {n} 个字符，工作室最多接受 {most} 个。请缩短。",
    ),
    "error.no_model": ("Choose at least one model.", "请至少选择一个模型。"),
    "error.no_prompt": ("Type something first.", "请先输入内容。"),
    "error.seed": (
        "The seed must be a whole number from 0 to 2147483647, or empty.",
        "随机种子须为 0 到 2147483647 的整数，或留空。",
    ),
    "error.crowded": (
        "Too many people are waiting for an answer just now. Try again in a minute.",
        "现在排队等回答的人太多，请过一分钟再试。",
    ),
    "error.unexpected": (
        "Something went wrong here; the terminal that runs the studio says what.",
        "这里出了错；详情见运行工作室的终端。",
    ),
}
