"""The Inside tab. key: (English, Chinese)."""

STRINGS: dict[str, tuple[str, str]] = {
    "inside.tab": ("Inside", "透视"),
    "inside.intro": (
        "How sure was it of every word, what else might it have said, and where did it look?",
        "每个词它有多大把握，还可能说什么，又在看哪里？",
    ),
    "inside.text": ("A text to read", "要读的文字"),
    "inside.placeholder": ("A text, a sentence to translate, or gaps: ___", "一段文字、要翻译的句子，或空缺：___"),
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
    "inside.no_attention": (
        "It has no attention: the whole source became one vector, and the translation looks back at nothing. "
        "So there is nothing to draw.",
        "它没有注意力：整句原文压成一个向量，写译文时什么也不回看，所以这里没有可画的。",
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
