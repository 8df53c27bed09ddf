"""The Results tab. key: (English, Chinese)."""

STRINGS: dict[str, tuple[str, str]] = {
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
}
