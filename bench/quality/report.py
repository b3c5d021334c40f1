# SPDX-License-Identifier: MIT
"""The figures as Markdown, to be read in a terminal and pasted into a page."""

from evaluate import MEAN
from measures import MAIN, MEASURES
from shared import table

NONE = "-"
SURE = 0.05  # p below that is marked


def number(value):
    return f"{value:.4f}"


def signed(value):
    return f"{value:+.4f}".replace("-0.0000", "+0.0000")


def p_value(value):
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def with_interval(cell):
    return f"{number(cell['mean'])} ({cell['low']:.3f} to {cell['high']:.3f})"


# ---------------------------------------------------------------- tables


def settings_table(settings):
    rows = []
    for setting in settings:
        given = [("index", " ".join(setting.index)), ("search", " ".join(setting.search)),
                 ("environment", " ".join(f"{name}={value}" for name, value in
                                          {**setting.environment,
                                           **setting.search_environment}.items()))]
        rows.append([setting.name, setting.what, setting.program or NONE,
                     "; ".join(f"{where} `{text}`" for where, text in given if text) or NONE])
    return table(["setting", "what it is", "asked", "options"], rows, 4)


def measure_table(cells, settings, measure):
    """A row for each group, a column for each setting."""
    rows = {}
    for cell in cells:
        if cell["measure"] == measure:
            key = (cell["set"], cell["class"], cell["queries"])
            rows.setdefault(key, {})[cell["setting"]] = with_interval(cell)
    return table(["set", "class", "queries", *settings],
                 [[*key, *(row.get(name, NONE) for name in settings)]
                  for key, row in rows.items()], 2)


def comparison_table(comparisons, pair=False):
    """A row for each comparison; with pair, the two settings in front."""
    rows = []
    for one in comparisons:
        mark = "**" if one["p"] < SURE else ""
        step = [f"{one['from']} → {one['to']}"] if pair else []
        rows.append([*step, one["set"], one["class"], one["queries"], number(one["before"]),
                     number(one["after"]),
                     f"{mark}{signed(one['difference'])}{mark}",
                     f"{one['low']:+.3f} to {one['high']:+.3f}", p_value(one["p"]),
                     one["better"], one["worse"]])
    return table([*(["step"] if pair else []), "set", "class", "queries", "before", "after",
                  "difference", "interval", "p", "better", "worse"], rows, 3 if pair else 2)


def loss_table(losses, settings):
    rows = {}
    for one in losses:
        rows.setdefault((one["set"], one["class"]), {})[one["setting"]] = signed(one["loss"])
    return table(["set", "class", *settings],
                 [[*key, *(row.get(name, NONE) for name in settings)]
                  for key, row in rows.items()], 2)


def cost_table(costs):
    return table(["set", "setting", "documents", "index s", "index MB", "queries", "search s"],
                 [[one["set"], one["setting"], one["documents"], f"{one['index_seconds']:.1f}",
                   f"{one['index_bytes'] / 1e6:.1f}", one["queries"],
                   f"{one['search_seconds']:.1f}"] for one in costs], 2)


# ---------------------------------------------------------------- examples


def cell_text(text):
    """Text that does not end its cell."""
    return text.replace("|", "\\|")


def example(one):
    """A query that moved, with both rankings: ranks of what is relevant, then the top."""
    names = list(one["rankings"])
    values = [number(one["values"][name]) for name in names]
    rows = [[f"relevant, grade {item['grade']}", cell_text(f"{item['id']}: {item['text']}"),
             *(item["ranks"][name] or NONE for name in names)] for item in one["relevant"]]
    parts = [f"**{one['set']} {one['id']}** `{one['query']}`: {MAIN} {' → '.join(values)}",
             table(["", "document", *(f"rank {name}" for name in names)], rows, 2)]
    for name in names:
        parts.append("\n".join(
            [f"{name}:"] + [f"{hit['rank']}. {'**' if hit['grade'] > 0 else ''}{hit['id']}"
                            f"{'**' if hit['grade'] > 0 else ''} {hit['text']}"
                            for hit in one["rankings"][name]] or [f"{name}: nothing"]))
        if one["explanations"].get(name):
            parts.append("```\n" + one["explanations"][name] + "\n```")
    return "\n\n".join(parts)


def examples_section(gained, lost, before, after):
    parts = []
    for title, found in (("gained", gained), ("lost", lost)):
        parts.append(f"## What {title} most, {before} → {after}")
        parts += [example(one) for one in found] or [f"No query {title} anything."]
    return "\n\n".join(parts)


# ---------------------------------------------------------------- the page


def page(result, settings, measures):
    """Everything in the order in which one asks for it."""
    names = [setting.name for setting in settings]
    before, after = result["compared"]
    parts = [f"# Relevance: {result['title']}",
             f"{result['revision']}. Means over queries, with the interval that holds 95 % of "
             f"them when the queries are drawn anew ({result['resamples']} times); `{MEAN}` "
             "counts each set once. p is of a randomization test on the paired differences; "
             f"below {SURE} the difference is bold. Queries are asked "
             + ("as they stand." if result["raw"] else "without quotes and signs."),
             settings_table(settings)]
    parts += [f"Left out: {line}." for line in result["left_out"]]
    for measure in measures:
        parts += [f"## {measure}", measure_table(result["cells"], names, measure)]
    if result["comparisons"]:
        for measure in (MAIN, [name for name in MEASURES if name.startswith("Recall")][0]):
            parts += [f"## {before} → {after}, {measure}",
                      comparison_table([one for one in result["comparisons"]
                                        if one["measure"] == measure])]
    if result["steps"]:
        parts += [f"## Step by step, {MAIN}", comparison_table(result["steps"], True)]
    if result["losses"]:
        parts += [f"## Loss of {MAIN} against the form of the text (`X_base` less `X`)",
                  loss_table(result["losses"], names)]
    if result["costs"]:
        parts += ["## What it took, not measured with care", cost_table(result["costs"])]
    if result["gained"] or result["lost"]:
        parts.append(examples_section(result["gained"], result["lost"], before, after))
    return "\n\n".join(parts) + "\n"
