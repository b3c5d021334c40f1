# SPDX-License-Identifier: MIT
"""Sets of documents, queries and judgements, in the forms in which they are usually given away.

Knows files and nothing of engines or measures. The forms are described in README.md.
"""

import collections
import html
import json
import os
import re

from shared import Failed

DOCUMENT_FILES = ("docs.jsonl", "corpus.jsonl", "documents.jsonl")
QUERY_FILES = ("queries.tsv", "queries.jsonl", "topics.txt", "topics.trec", "topics.xml")
JUDGEMENT_FILES = ("qrels.txt", "qrels.tsv", "qrels.trec", "qrels/{split}.tsv",
                   "qrels/{split}.txt")
ID_KEYS = ("id", "_id", "docid")
CLASSES_MAX = 24  # a set with more has ids that mean something else
BASE = "_base"  # the class X_base asks what X asks, in the form of the text

Set = collections.namedtuple("Set", "name folder documents queries judgements separator")


# ---------------------------------------------------------------- columns


def column(text):
    """An id as a column of a TREC file: blanks and control characters as %20, as `lupe` does."""
    return re.sub(r"[\x00-\x20\x7f]", lambda found: f"%{ord(found.group()):02X}", text)


def first_of(record, keys, path, number):
    for key in keys:
        if key in record:
            return str(record[key])
    raise Failed(f"{path}:{number}: none of {', '.join(keys)}")


def json_lines(path):
    """Numbers and objects of a JSON Lines file."""
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except ValueError as error:
                raise Failed(f"{path}:{number}: {error}") from error
            if not isinstance(record, dict):
                raise Failed(f"{path}:{number}: not an object")
            yield number, record


# ---------------------------------------------------------------- queries


def read_topics(path):
    """TREC topics: <num> and <title> of every <top>, closing tags or not, CLEF's <DE-title>."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    queries = {}
    for top in re.split(r"<top\b[^>]*>", text, flags=re.IGNORECASE)[1:]:
        found = [re.search(rf"<(?:[a-z]{{2}}-)?{tag}>\s*(?:{word}:)?\s*([^<]*)", top, re.IGNORECASE)
                 for tag, word in (("num", "number"), ("title", "topic"))]
        if not all(found):
            raise Failed(f"{path}: a topic without <num> or <title>")
        number, title = (html.unescape(part.group(1)) for part in found)
        queries[column(number.strip())] = " ".join(title.split())
    return queries


def read_queries(path):
    """Texts by query id, in the order of the file."""
    queries = {}
    if path.endswith((".jsonl", ".ndjson")):
        for number, record in json_lines(path):
            name = column(first_of(record, ID_KEYS, path, number))
            queries[name] = " ".join(first_of(record, ("text", "query"), path, number).split())
    elif path.endswith(".tsv"):
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                name, tab, text = line.rstrip("\n").partition("\t")
                if tab:
                    queries[column(name)] = " ".join(text.split())
                elif line.strip():
                    raise Failed(f"{path}:{number}: no tab")
    else:
        queries = read_topics(path)
    if not queries:
        raise Failed(f"{path}: no queries")
    return queries


def plain(text):
    """The words of a query without what the query language would read into them: quotes, signs
    before a word. Other engines are asked the same."""
    words = (re.sub(r"^[+\-]+", "", word) for word in text.replace('"', " ").split())
    return " ".join(word for word in words if re.search(r"\w", word))


# ---------------------------------------------------------------- judgements


def read_judgements(path):
    """Grades by query and document: four columns (TREC), or three behind a header (BEIR)."""
    judgements = collections.defaultdict(dict)
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            parts = line.split("\t") if line.count("\t") in (2, 3) else line.split()
            parts = [part.strip() for part in parts]
            if not any(parts):
                continue
            if len(parts) not in (3, 4):
                raise Failed(f"{path}:{number}: {len(parts)} columns, not 3 or 4")
            try:
                grade = int(parts[-1])
            except ValueError as error:
                if number == 1:
                    continue  # the header
                raise Failed(f"{path}:{number}: {parts[-1]} is no grade") from error
            judgements[column(parts[0])][column(parts[-2])] = grade
    if not judgements:
        raise Failed(f"{path}: no judgements")
    return dict(judgements)


# ---------------------------------------------------------------- sets


def first_file(folder, names):
    for name in names:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    return None


def parts_of(folder, split):
    """Paths of documents, queries and judgements, None for what is not there."""
    return [first_file(folder, [name.format(split=split) for name in names])
            for names in (DOCUMENT_FILES, QUERY_FILES, JUDGEMENT_FILES)]


def read_set(folder, separator="-", split="test"):
    """A set with those of its queries that have a relevant document."""
    folder = os.path.abspath(folder)
    documents, queries, judgements = parts_of(folder, split)
    for path, what in ((documents, "documents"), (queries, "queries"), (judgements, "judgements")):
        if path is None:
            raise Failed(f"{folder}: no {what} (see README.md)")
    grades = read_judgements(judgements)
    texts = {name: text for name, text in read_queries(queries).items()
             if any(grade > 0 for grade in grades.get(name, {}).values())}
    if not texts:
        raise Failed(f"{folder}: no query has a relevant document")
    return Set(os.path.basename(folder), folder, documents, texts,
               {name: grades[name] for name in texts}, separator)


def find_sets(folder, separator="-", split="test"):
    """The set that a folder is, or the sets in it."""
    if not os.path.isdir(folder):
        raise Failed(f"{folder} is no folder")
    folders = [folder] if all(parts_of(folder, split)) else [
        path for path in sorted(os.path.join(folder, name) for name in os.listdir(folder))
        if os.path.isdir(path) and all(parts_of(path, split))]
    if not folders:
        raise Failed(f"{folder}: no set of documents, queries and judgements (see README.md)")
    return [read_set(path, separator, split) for path in folders]


def class_of(name, separator):
    """The query id up to the first separator; "" without one."""
    before, found, _ = name.partition(separator) if separator else ("", "", "")
    return before if found else ""


def classes_of(collection):
    """Query ids by class; {} where the ids do not tell classes."""
    classes = collections.defaultdict(list)
    for name in collection.queries:
        classes[class_of(name, collection.separator)].append(name)
    if "" in classes or len(classes) > CLASSES_MAX:
        return {}
    return dict(sorted(classes.items()))


def only(collections_, wanted):
    """Of some sets the ones wanted, each "set" or "set/class"."""
    chosen = []
    for collection in collections_:
        classes = {part.partition("/")[2] for part in wanted
                   if part.partition("/")[0] == collection.name}
        if "" in classes:
            chosen.append(collection)
        elif classes:
            queries = {name: text for name, text in collection.queries.items()
                       if class_of(name, collection.separator) in classes}
            if not queries:
                raise Failed(f"{collection.name} has no class {' or '.join(sorted(classes))}")
            chosen.append(collection._replace(queries=queries))
    if not chosen:
        raise Failed(f"no set is named {' or '.join(wanted)}")
    return chosen


# ---------------------------------------------------------------- documents


def documents_for_lupe(collection, folder):
    """The path of the documents with an "id" each; written anew where it is called otherwise."""
    for _, record in json_lines(collection.documents):
        if "id" in record:
            return collection.documents
        break
    path = os.path.join(folder, collection.name + ".jsonl")
    with open(path, "w", encoding="utf-8") as file:
        for number, record in json_lines(collection.documents):
            name = first_of(record, ID_KEYS, collection.documents, number)
            file.write(json.dumps({"id": name, "title": record.get("title") or "",
                                   "text": record.get("text") or ""}, ensure_ascii=False) + "\n")
    return path


def beginnings(collection, names, characters=70):
    """The title, or the first words of the text, of some documents."""
    found = {}
    for number, record in json_lines(collection.documents):
        name = column(first_of(record, ID_KEYS, collection.documents, number))
        if name in names:
            words = " ".join((record.get("title") or record.get("text") or "").split())
            short = words[:characters].rstrip()
            found[name] = short + "…" if len(short) < len(words) else short
    return found
