# SPDX-License-Identifier: MIT
"""The settings that are compared: one table. What the programs do not know is left out.

A row's options go to the program as they stand, before the operands. Settings with the same
program, index options and environment share an index.
"""

import collections
import re
import shlex
import subprocess

from shared import Failed

TOOL = "lupe"  # lupe index, lupe search: what users get
BENCH = "lupe-bench"  # lupe-bench index, lupe-bench serve: no defaults of the tool

Setting = collections.namedtuple(
    "Setting", "name what program index search environment search_environment run",
    defaults=(TOOL, (), (), {}, {}, None))
# environment: of indexing and searching; search_environment: of searching alone;
# run: a TREC run file, or a folder of them, that is evaluated instead of asking a program

# Of German analysis and ranking what can be taken out, in the order in which the rows put it back.
NO_VARIANTS = ("--no-old-spelling", "--no-mending")
NO_RANKING = ("--no-proximity", "--no-sentences", "--no-forms", "--k1", "1.2")

# In the order of the ablation, each with what the ones before it have.
SETTINGS = (
    Setting("words", "lower case, nothing else", BENCH, index=("--analysis", "plain")),
    Setting("bare", "stems and folding, all else off", BENCH, index=("--analysis", "german")),
    Setting("hyphens", "joined forms of hyphen words", TOOL, ("--no-compounds", *NO_VARIANTS),
            ("--no-correct", *NO_RANKING)),
    Setting("compounds", "compounds and their parts", TOOL, NO_VARIANTS,
            ("--no-correct", *NO_RANKING)),
    Setting("variants", "old spelling and mended inflection", TOOL,
            search=("--no-correct", *NO_RANKING)),
    Setting("corrections", "mistyped words corrected", TOOL, search=NO_RANKING),
    Setting("best", "words near each other, sentences, forms, k1 by the query: what `lupe` does by default", TOOL),
)
COMPARED = ("bare", "best")  # unless the user names two others


def parse_setting(text):
    """'NAME | index options | search options | VARIABLE=value ...', of which the last may lack."""
    parts = [part.strip() for part in text.split("|")]
    if not parts[0] or len(parts) > 4:
        raise Failed(f"{text}: not 'NAME | index options | search options | VARIABLE=value'")
    parts += [""] * (4 - len(parts))
    variables = dict(word.partition("=")[::2] for word in shlex.split(parts[3]))
    return Setting(parts[0], "", TOOL, tuple(shlex.split(parts[1])),
                   tuple(shlex.split(parts[2])), variables)


def parse_run(text):
    """'NAME=FILE': a TREC run."""
    name, found, path = text.partition("=")
    if not found or not name or not path:
        raise Failed(f"{text}: not NAME=FILE")
    return Setting(name, f"the run {path}", "", run=path)


class Programs:
    """Paths of the programs, and which options they know."""

    def __init__(self, tool, bench):
        self.paths = {TOOL: tool, BENCH: bench}
        self.known = {}

    def help_of(self, program, command):
        if (program, command) not in self.known:
            line = [self.paths[program], *([command] if program == TOOL else []), "--help"]
            try:
                done = subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      stdin=subprocess.DEVNULL, check=False)
            except OSError as error:
                raise Failed(f"{line[0]}: {error.strerror}") from error
            self.known[program, command] = done.stdout.decode("utf-8", "replace")
        return self.known[program, command]

    def knows(self, program, command, option):
        return option in re.findall(r"--[a-z][a-z0-9-]*", self.help_of(program, command))

    def unknown(self, setting):
        """The options of a setting that its program does not know."""
        if setting.run is not None:
            return []
        return [word for command, words in (("index", setting.index), ("search", setting.search))
                for word in words if word.startswith("--") and
                not self.knows(setting.program, command, word.split("=")[0])]
