"""Every word of the interface, once in English and once in Chinese.

`text(key, lang)` looks one up. `Translator` remembers which component shows which string, so that the switch in
the header can change them all while everything a person typed or a model wrote stays where it is.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import gradio as gr

LANGUAGES = (("EN", "en"), ("中文", "zh"))

# key: (English, Chinese)
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
    # Chat
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
    # Compare
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
    # Arena
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
        "{name} is ready in this tab. Reload the page to meet it in the others.",
        "{name} 已可在本页参赛。刷新页面后，其他页面也能用它。",
    ),
    "arena.no_pupil": (
        "Choose a model that was taught to chat; only such a one can learn from votes.",
        "请选择一个学过对话的模型，只有这样的模型才能向投票学习。",
    ),
    "arena.delete": ("Delete all votes", "删除所有投票"),
    "arena.really": ("Really delete", "确认删除"),
    # Lineage
    "lineage.tab": ("Lineage", "谱系"),
    "lineage.intro": (
        "Choose an ancestor: what it changed, drawn from its own configuration, and a page to read.",
        "选一位祖先：它改了什么（图由它自己的配置画出），再读一页课文。",
    ),
    "lineage.tree": ("The family tree", "家族树"),
    "lineage.chat": ("Talk to it", "和它聊天"),
    "lineage.compare": ("Set it beside the others", "与其他几代对比"),
    "lineage.story_only": (
        "This one is part of the story; there is no miniature of it here.",
        "它是故事的一部分，这里没有它的微缩版。",
    ),
    "lineage.changed": ("What changed from {parent}", "与 {parent} 相比改了什么"),
    "lineage.first": ("The first of the line", "谱系的起点"),
    "lineage.unchanged": (
        "The network is its parent's, unchanged. What is new is how it is trained.",
        "网络与上一代完全相同，变的是训练方式。",
    ),
    "lineage.before": ("{name}, before", "之前：{name}"),
    "lineage.after": ("{name}, after", "之后：{name}"),
    "lineage.marked": (
        "Coloured: what changed. Drawn from the miniatures' configurations; squares show which words (down) see which "
        "(across).",
        "着色的是有变化的部分。图由微缩版的配置画出；方格表示每个词（竖）能看到哪些词（横）。",
    ),
    "lineage.field": ("Setting", "设置"),
    "lineage.was": ("Before", "之前"),
    "lineage.is": ("Now", "现在"),
    "lineage.training": ("How it is trained, from random weights on", "从随机权重开始的训练过程"),
    "lineage.numbers": ("The paper's sizes beside the miniature's", "论文的规格与微缩版的规格"),
    "lineage.numbers_hint": (
        "Counted to the unit from the configurations; the papers print rounded numbers.",
        "由配置逐个数出；论文给出的是约数。",
    ),
    "lineage.size": ("Size", "规格"),
    "lineage.shape": ("Shape", "形状"),
    "lineage.context": ("Context", "上下文"),
    "lineage.vocabulary": ("Vocabulary", "词表"),
    "lineage.parameters": ("Parameters", "参数量"),
    "lineage.mini": ("the miniature", "微缩版"),
    "lineage.recurrent": ("recurrent, {width} wide", "循环网络，宽 {width}"),
    "lineage.attending": ("{layers} layers × {width}, {heads} heads", "{layers} 层 × {width}，{heads} 个头"),
    "lineage.claims": ("What the paper claims", "论文的主张"),
    "lineage.findings": ("What came of it here", "在这里测得的结果"),
    "lineage.models": ("Models of this generation here", "这里有的这一代模型"),
    "lineage.no_models": (
        "None yet. Train one with: gptlineage train {name} --quick",
        "还没有。训练一个：gptlineage train {name} --quick",
    ),
    "lineage.released": ("released", "随附"),
    "lineage.yours": ("trained by you", "你训练的"),
    "lineage.parent": ("Grew out of", "来自"),
    "lineage.scratch": ("random weights", "随机权重"),
    "lineage.data": ("Data", "数据"),
    "lineage.seed": ("Seed", "种子"),
    "lineage.tokens": ("Tokens read", "读过的词元"),
    "lineage.date": ("Date", "日期"),
    "lineage.stages": ("Stages", "阶段"),
    # The fields of a configuration, and what else two generations may differ in.
    "field.network": ("kind of network", "网络类型"),
    "field.n_layers": ("layers", "层数"),
    "field.encoder_layers": ("layers that read the source", "读取原文的层数"),
    "field.d_model": ("width", "宽度"),
    "field.n_heads": ("attention heads", "注意力头数"),
    "field.d_ff": ("width of the MLP", "前馈网络宽度"),
    "field.n_ctx": ("tokens it can see", "能看到的词元数"),
    "field.vocab_size": ("vocabulary", "词表大小"),
    "field.positions": ("positions", "位置编码"),
    "field.position_init": ("how positions start", "位置编码的初始值"),
    "field.norm": ("normalisation, of each sub-layer", "归一化在子层的位置"),
    "field.final_norm": ("a last normalisation", "最后的归一化"),
    "field.activation": ("activation", "激活函数"),
    "field.attention": ("attention, layer by layer", "逐层的注意力"),
    "field.band": ("width of the band", "带宽"),
    "field.causal": ("sees only what came before", "只看前文"),
    "field.residual_init": ("start of the residual projections", "残差投影的初始化"),
    "field.segments": ("kinds of sentence", "句段种类"),
    "field.embedding_norm": ("normalised embeddings", "嵌入后归一化"),
    "field.output": ("output", "输出层"),
    "field.dropout": ("dropout", "丢弃率"),
    "field.d_hidden": ("width of the states", "状态宽度"),
    "field.d_align": ("width of the attention", "注意力宽度"),
    "field.corpus": ("reads", "训练文本"),
    "field.starts_from": ("starts from the weights of", "权重来自"),
    "field.stages": ("own stages of training", "自己的训练阶段"),
    "value.recurrent": ("recurrent", "循环"),
    "value.attention": ("attention alone", "只有注意力"),
    "value.post": ("after it", "之后"),
    "value.pre": ("before it", "之前"),
    "value.learned": ("learned", "可学习"),
    "value.sinusoidal": ("waves", "正弦波"),
    "value.normal": ("random", "随机"),
    "value.plain": ("like all others", "与其他相同"),
    "value.linear": ("linear", "线性"),
    "value.transform": ("one more layer first", "先多经过一层"),
    "value.dense": ("dense", "稠密"),
    "value.banded": ("banded", "带状"),
    "value.bitext": ("sentence pairs", "句对"),
    "value.books": ("books", "书籍"),
    "value.web": ("the web", "网页"),
    "value.crawl": ("a crawl", "抓取文本"),
    "value.translate": ("translate", "翻译"),
    "value.pretrain": ("predict the next word", "预测下一个词"),
    "value.mask": ("fill gaps", "填补空缺"),
    "value.finetune": ("fine-tune on a task", "针对任务微调"),
    "value.sft": ("imitate demonstrations", "模仿示范"),
    "value.reward": ("learn what people prefer", "学习人的偏好"),
    "value.ppo": ("earn rewards (PPO)", "争取奖励（PPO）"),
    "value.dpo": ("prefer the better reply (DPO)", "偏向更好的回答（DPO）"),
    "value.true": ("yes", "是"),
    "value.false": ("no", "否"),
    # Results
    "results.tab": ("Results", "结果"),
    "results.intro": (
        "Everything measured here, with what was claimed and what came of it; also where nothing did.",
        "这里测过的一切：主张是什么，结果如何；没有成立的也照实列出。",
    ),
    "results.verdicts": ("The verdicts", "结论一览"),
    "results.unjudged": ("not judged yet", "尚未评判"),
    "results.outdated": (
        "Measured again on {date}; the verdict is about the figures of {judged}.",
        "已于 {date} 重新测量；结论针对的是 {judged} 的数据。",
    ),
    "results.damaged": ("Its file cannot be read.", "文件无法读取。"),
    "results.command": ("Again with", "重做命令"),
    "results.seeds": ("Seeds", "种子"),
    "results.no_seeds": ("none (timings)", "无（计时）"),
    "results.date": ("Date", "日期"),
    "results.machine": ("Machine", "机器"),
    "results.versions": ("Versions", "版本"),
    "results.rows": ("{n} rows in the file; the first of them", "文件共 {n} 行，开头几行"),
    "results.page": ("Read them", "展开阅读"),
    "results.enlarge": ("The picture; choose it to enlarge", "图；点击放大"),
    "results.spread": ("In brackets: the range over seeds.", "括号内是各种子的范围。"),
    "verdict.yes": ("came out", "成立"),
    "verdict.partly": ("came out in part", "部分成立"),
    "verdict.no": ("did not come out", "没有成立"),
    "verdict.none": ("to be read", "供阅读"),
    # Inside
    "inside.tab": ("Inside", "透视"),
    "inside.intro": (
        "How sure was it of every word, what else might it have said, and where did it look?",
        "每个词它有多大把握，还可能说什么，又在看哪里？",
    ),
    "inside.text": ("A text to read", "要读的文字"),
    "inside.placeholder": ("The capital of France is Paris.", "法国的首都是巴黎。"),
    "inside.model": ("Model", "模型"),
    "inside.rival": ("Beside it", "并排对照"),
    "inside.nobody": ("nobody", "不对照"),
    "inside.as_chat": (
        "Chat models answer your text; base models read it as a page",
        "对话模型回答你的文字，基座模型把它当作一页文章来读",
    ),
    "inside.as_chat_hint": ("Off: every model reads it as a page.", "关闭后，所有模型都把它当作一页文章来读。"),
    "inside.run": ("Look inside", "开始透视"),
    "inside.keys": (
        "Then choose any token. With the keyboard: arrows to move, Enter to choose.",
        "然后点任意一个词元。用键盘时，方向键移动，回车键选定。",
    ),
    "inside.translates": (
        "It reads English or Chinese and writes the other.",
        "读英文就写中文，读中文就写英文。",
    ),
    "inside.fills": (
        "Write ___ (three underscores) wherever something is missing.",
        "哪里缺字，就在哪里写 ___（三条下划线）。",
    ),
    "inside.translation": ("Its translation", "它的译文"),
    "inside.filled": ("The text, filled in", "填好的文字"),
    "inside.silent": ("(It wrote nothing.)", "（它什么都没写。）"),
    "inside.gap": ("Gap {n}: what may stand there", "第 {n} 空：可以填什么"),
    "inside.gap_only": ("What may stand in the gap", "空里可以填什么"),
    "inside.gap_hint": (
        "Fills of one to four tokens were tried apart, so their probabilities need not add up to 100\u00a0%.",
        "一到四个词元的填法是分开试的，所以概率之和不一定是 100%。",
    ),
    "inside.kind": ("Which attention", "哪一种注意力"),
    "inside.alignment": ("alignment", "对齐"),
    "inside.cross": ("from the translation to its source (cross-attention)", "译文看原文（交叉注意力）"),
    "inside.encoder": ("within the source (encoder)", "原文看原文（编码器）"),
    "inside.decoder": ("back over the translation (decoder)", "译文回看译文（解码器）"),
    "inside.of_translation": ("The translation, token by token: choose one", "译文，逐个词元，可以点选"),
    "inside.of_source": ("The source, token by token: choose one", "原文，逐个词元，可以点选"),
    "inside.of_text": ("What it read, token by token: choose one", "它读到的，逐个词元，可以点选"),
    "inside.writing": ("To write {{token}} it looked at:", "写 {{token}} 时，它看的是："),
    "inside.reading": ("For {{token}} it reads:", "为了读懂 {{token}}，它看的是："),
    "inside.looking_back": ("After {{token}} it looks back at:", "写完 {{token}}，它回看的是："),
    "inside.both_ways": (
        "For {{token}} it reads, to the left and to the right:",
        "为了看懂 {{token}}，它向左右两边读：",
    ),
    "inside.text_read": ("The text, token by token", "原文，逐个词元"),
    "inside.branch": ("Branch: {{taken}} instead of {{left}}", "分支：{{left}} 换成 {{taken}}"),
    "inside.branch_next": ("Branch: {{taken}} comes next", "分支：接着写 {{taken}}"),
    "inside.branch_name": ("Branch {n}", "分支 {n}"),
    "inside.legend": ("How likely it found each token:", "它认为每个词元出现的概率："),
    "inside.legend_entropy": (
        "The bar below: entropy, how open the choice was (full: {most} bits, every token as likely).",
        "下方的条：熵，表示选择有多不确定（满格为 {most} 比特，即所有词元同样可能）。",
    ),
    "inside.too_long": (
        "That is {n} tokens; this tab shows at most {most}. Shorten the text.",
        "共 {n} 个词元，这里最多显示 {most} 个。请缩短文字。",
    ),
    "inside.tip": ("{token}: {share}, its choice number {rank}", "{token}：{share}，在它的选择里排第 {rank}"),
    "inside.tip_within": (" · a part of {character}", " · “{character}”的一部分"),
    "inside.tip_entropy": (" · entropy {bits} bits", " · 熵 {bits} 比特"),
    "inside.tip_next": ("What comes next", "接下来写什么"),
    "inside.tip_start": ("{token}: the beginning, before which there is nothing", "{token}：开头，前面什么都没有"),
    "inside.next": ("What comes next", "接下来写什么"),
    "inside.instead": ("What else might stand here instead of {{token}}", "除了 {{token}}，这里还可能是什么"),
    "inside.openness": (
        "Entropy {bits} bits: as open as a choice among {n} equally likely tokens.",
        "熵 {bits} 比特：相当于在 {n} 个同样可能的词元里选一个。",
    ),
    "inside.choose": ("Branch with {token}, {share}", "换成 {token}，{share}"),
    "inside.branch_hint": (
        "Choose one, and the model goes on from there.",
        "点一个，模型就从那里接着写。",
    ),
    "inside.full": (
        "Its window is full: nothing can follow here.",
        "它的上下文已满，这里写不下去了。",
    ),
    "inside.lens": ("What each layer would say here", "每一层在这里会说什么"),
    "inside.lens_hint": (
        "The logit lens: every layer's state is read as if it were the last.",
        "logit lens：把每一层的状态都当作最后一层来读。",
    ),
    "inside.layer": ("Layer {n}", "第 {n} 层"),
    "inside.band": ("sees {n} tokens", "只看 {n} 个词元"),
    "inside.attention": ("Attention: every layer and head", "注意力：每一层、每个头"),
    "inside.attention_hint": (
        "Lines read, columns are read. Choose one to see it large.",
        "每行是在读的词元，每列是被读的词元。点一个放大看。",
    ),
    "inside.head": ("Layer {layer}, head {head}", "第 {layer} 层，第 {head} 个头"),
    "inside.mean": ("Layer {layer}, mean of its heads", "第 {layer} 层，各头的平均"),
    "inside.mean_hint": ("The last of each layer is the mean of its heads.", "每层最后一格是各头的平均。"),
    "inside.only_head": ("Alignment: where it looked", "对齐：它看了哪里"),
    "inside.standing": (
        "To find the chosen token it stands on {{token}} and reads:",
        "要猜出所选的词元，它从 {{token}} 这里往回看，读的是：",
    ),
    "inside.matrix": (
        "Each line is a token that reads, each column one that is read. The stronger the colour, the more.",
        "每行是在读的词元，每列是被读的词元。颜色越浓，读得越多。",
    ),
    "inside.matrix_source": (
        "Each line is a token of the translation, each column one of the source. The stronger the colour, "
        "the more it was looked at.",
        "每行是译文的一个词元，每列是原文的一个词元。颜色越浓，看得越多。",
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
    # Train
    "train.tab": ("Train", "训练"),
    "train.intro": (
        "Make one yourself: choose, see what it will cost, and watch it learn.",
        "亲手训练一个：先选好，看看要花多少时间和内存，再看着它学会。",
    ),
    "train.generation": ("Generation", "哪一代"),
    "train.size": ("Size", "规格"),
    "train.mini": ("{size} · {n} parameters", "{size} · {n}参数"),
    "train.larger": ("{size} · {n} parameters · {memory} of memory or more", "{size} · {n}参数 · 内存至少 {memory}"),
    "train.parent": ("Starts from", "以谁为起点"),
    "train.no_parent": (
        "{name} starts from a finished {parent}, and there is none here yet; train that one first.",
        "{name} 要从训练好的 {parent} 开始，而这里还没有；请先训练它。",
    ),
    "train.data": ("Reads", "训练文本"),
    "train.world": ("the little world", "自造的小世界"),
    "train.own": ("a file of yours", "你自己的文件"),
    "train.upload": ("Choose a file", "选择文件"),
    "train.file": ("{name}, {size}. It stays on this computer.", "{name}，{size}。文件不会离开本机。"),
    "train.file_hint": (
        "UTF-8 text ({kinds}), at most {most} MB. It stays on this computer.",
        "UTF-8 文本（{kinds}），最大 {most} MB。文件不会离开本机。",
    ),
    "train.pairs_hint": (
        "Lines of “English, tab, Chinese” in UTF-8 ({kinds}), at most {most} MB. It stays on this computer.",
        "每行“英文、制表符、中文”的 UTF-8 文本（{kinds}），最大 {most} MB。文件不会离开本机。",
    ),
    "train.no_file": ("Choose a file first, or let it read the little world.", "请先选择文件，或改用自造的小世界。"),
    "train.recipe": ("Recipe", "训练方案"),
    "train.quick": ("quick", "快速"),
    "train.release": ("as long as the released models", "与随附的模型一样久"),
    "train.steps": ("Steps of each stage", "每个阶段的步数"),
    "train.steps_hint": ("as many as the recipe says", "按训练方案"),
    "train.bad_steps": (
        "The number of steps must be a whole number from 1 to 1000000, or empty.",
        "步数须为 1 到 1000000 的整数，或留空。",
    ),
    "train.measure": ("What will it cost?", "先估算一下"),
    "train.measure_hint": (
        "A few real steps are run and timed. After that you decide.",
        "先试跑几步并计时，然后由你决定。",
    ),
    "train.measuring": (
        "Preparing the text and timing a few steps: some ten seconds, longer for a large size.",
        "正在准备文本并试跑几步，大约十几秒，规格大时更久。",
    ),
    "train.start": ("Start training", "开始训练"),
    "train.changed": (
        "The choices have changed since: ask again what it will cost.",
        "选项已经改变，请重新估算。",
    ),
    "train.busy": ("One training at a time: stop the other one first.", "一次只能训练一个，请先停止正在进行的训练。"),
    "train.pause": ("Pause", "暂停"),
    "train.resume": ("Go on", "继续"),
    "train.stop": ("Stop", "停止"),
    "train.meet": ("Meet it in the other tabs", "去其他页面试试它"),
    "train.preparing": (
        "Preparing: {stage}. You may go on, or close the page.",
        "准备中：{stage}。可以继续使用，也可以关闭页面。",
    ),
    "train.running": ("Learning. You may close the page.", "学习中，可以关闭页面。"),
    "train.pausing": ("Saving, then pausing", "正在保存，随后暂停"),
    "train.paused": ("Paused", "已暂停"),
    "train.stopping": ("Saving, then stopping", "正在保存，随后停止"),
    "train.stopped": ("Stopped; what it has learnt is kept in {folder}", "已停止，学到的内容保存在 {folder}"),
    "train.failed": ("It could not go on", "训练无法继续"),
    "train.done": ("{name} is ready, in {folder}", "{name} 已训练完成，保存在 {folder}"),
    "train.step": ("step {step} of {steps}", "第 {step} 步，共 {steps} 步"),
    "train.stage": ("stage {n} of {of}", "第 {n} 阶段，共 {of} 个"),
    "train.speed": ("{n} tokens a second", "每秒 {n} 个词元"),
    "train.left": ("{time} left", "还需 {time}"),
    "train.seconds": ("{n} s", "{n} 秒"),
    "train.minutes": ("{n} min", "{n} 分钟"),
    "train.hours": ("{n} h", "{n} 小时"),
    "train.loss": ("loss in training", "训练损失"),
    "train.held_out": ("on held-out text", "留出文本上的损失"),
    "train.right": ("right answers", "答对"),
    "train.pairs_right": ("pairs told right", "判断正确的回答对"),
    "train.bleu_zh": ("BLEU into Chinese", "译成中文的 BLEU"),
    "train.bleu_en": ("BLEU into English", "译成英文的 BLEU"),
    "train.usual": ("the released model, at its end", "随附的模型最终的损失"),
    "train.curve": (
        "Loss: {first} at first, {last} at step {step}",
        "损失：起初 {first}，第 {step} 步 {last}",
    ),
    "train.samples": ("What it writes as it learns", "学习过程中它写的文字"),
    "train.at": ("step {step}", "第 {step} 步"),
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
    "error.unexpected": (
        "Something went wrong here; the terminal that runs the studio says what.",
        "这里出了错；详情见运行工作室的终端。",
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
INSIDE_EXAMPLES: dict[str, tuple[str, ...]] = {
    "en": (
        "The capital of France is Paris.",
        "Tom has a red kite. Anna has a red kite.",
        "Q: What is the capital of Japan?\nA: Tokyo",
        "Once upon a time there was a little cat.",
    ),
    "zh": (
        "法国的首都是巴黎。",
        "小明有一只红风筝。小雪有一只红风筝。",
        "问：日本的首都是哪里？\n答：东京",
        "从前有一只小猫。",
    ),
}
TRANSLATION_EXAMPLES: dict[str, tuple[str, ...]] = {
    "en": (
        "Tom saw a cat in the park on Monday.",
        "Anna put the cup on the table.",
        "安娜星期天在花园里看见了一只狗。",
    ),
    "zh": (
        "汤姆星期一在公园里看见了一只猫。",
        "安娜把杯子放在桌子上。",
        "There are three cats in the garden.",
    ),
}
GAP_EXAMPLES: dict[str, tuple[str, ...]] = {
    "en": (
        "Tom has a green ___.",
        "Tom ___ a cat in the park on Monday.",
        "Anna put the ___ on the ___.",
    ),
    "zh": (
        "小红把___放在桌子上。",
        "小红___笔记本放在桌子上。",
        "___把___放在桌子上。",
    ),
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


def text(key: str, lang: str, **values: object) -> str:
    """The string of that key in "en" or "zh", with its {blanks} filled in."""
    english, chinese = STRINGS[key]
    return (chinese if lang == "zh" else english).format(**values)


def escaped(key: str, lang: str, **values: object) -> str:
    """The same, safe to stand inside HTML."""
    return html.escape(text(key, lang, **values))


def count(n: int, lang: str) -> str:
    """A number of parameters as people say it: 1.9M and 175B, or 190 万 and 1750 亿."""
    steps = ((10**8, "\u00a0亿"), (10**4, "\u00a0万")) if lang == "zh" else ((10**9, "B"), (10**6, "M"), (10**3, "K"))
    for size, unit in steps:
        if n >= size:
            return f"{n / size:.3g}{unit}" if n < 1000 * size else f"{round(n / size)}{unit}"
    return str(n)


class Translator:
    """Which component shows which string. A change of language updates these and nothing else."""

    def __init__(self, lang: str):
        self.lang = lang
        self._bound: list[tuple[gr.blocks.Block, Callable[[str], dict[str, Any]]]] = []

    def bind(self, component: Any, **keys: str) -> Any:
        """Let properties of `component` show strings, as in `bind(box, label="chat.message")`; returns it."""
        return self.render(component, lambda lang: {name: text(key, lang) for name, key in keys.items()})

    def render(self, component: Any, properties: Callable[[str], dict[str, Any]]) -> Any:
        """Let `component` show whatever `properties` gives for a language; returns it."""
        for name, value in properties(self.lang).items():
            setattr(component, name, value)
        self._bound.append((component, properties))
        return component

    def paragraph(self, markup: Callable[[str], str], elem_classes: str | None = None) -> gr.HTML:
        """A piece of the page that is ours alone; whatever else stands in it must be escaped."""
        component = gr.HTML(elem_classes=elem_classes, apply_default_css=False)
        self.render(component, lambda lang: {"value": markup(lang)})
        return component

    @property
    def components(self) -> list[gr.blocks.Block]:
        return [component for component, _ in self._bound]

    def updates(self, lang: str) -> list[dict[str, Any]]:
        """One update for each of `components`."""
        return [gr.update(**properties(lang)) for _, properties in self._bound]
