// SPDX-License-Identifier: MIT
//
// Tantivy behind the protocol of bench/README.md.
//
// `plain` is SimpleTokenizer with LowerCaser, `german` puts the stemmer behind it, `best` German
// stop words as well. SimpleTokenizer splits words at underscores, Lupe does not.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::time::Instant;

use tantivy::collector::{Count, TopDocs};
use tantivy::query::{BooleanQuery, EmptyQuery, Occur, PhraseQuery, Query, TermQuery};
use tantivy::schema::*;
use tantivy::tokenizer::*;
use tantivy::{doc, Index, IndexWriter, ReloadPolicy, Searcher};

const WRITER_BYTES_PER_THREAD: usize = 256 << 20;
const WORD_BYTES_MAX: usize = 250;

fn analyzer(analysis: &str) -> TextAnalyzer {
    let words = TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(WORD_BYTES_MAX))
        .filter(LowerCaser);
    match analysis {
        "plain" => words.build(),
        "best" => words
            .filter(StopWordFilter::new(Language::German).unwrap())
            .filter(Stemmer::new(Language::German))
            .build(),
        _ => words.filter(Stemmer::new(Language::German)).build(),
    }
}

fn option(arguments: &[String], name: &str) -> Option<String> {
    let place = arguments.iter().position(|argument| argument == name)?;
    arguments.get(place + 1).cloned()
}

fn schema(store: bool) -> Schema {
    let mut builder = Schema::builder();
    builder.add_text_field("id", STORED);
    let mut options = TextOptions::default().set_indexing_options(
        TextFieldIndexing::default()
            .set_tokenizer("peer")
            .set_index_option(IndexRecordOption::WithFreqsAndPositions),
    );
    if store {
        options = options.set_stored();
    }
    builder.add_text_field("text", options);
    builder.build()
}

fn command_index(arguments: &[String]) -> tantivy::Result<()> {
    let (source, directory) = (&arguments[0], &arguments[1]);
    let analysis = option(arguments, "--analysis").unwrap_or("german".into());
    let threads: usize = option(arguments, "--threads").map_or(1, |text| text.parse().unwrap());
    let given = |name: &str| arguments.iter().any(|argument| argument == name);
    std::fs::create_dir_all(directory)?;
    let schema = schema(given("--store"));
    let (id, text) = (schema.get_field("id")?, schema.get_field("text")?);
    let index = Index::create_in_dir(directory, schema)?;
    index.tokenizers().register("peer", analyzer(&analysis));
    let mut writer: IndexWriter =
        index.writer_with_num_threads(threads, WRITER_BYTES_PER_THREAD * threads)?;
    let mut documents = 0u64;
    let file = std::fs::File::open(source)?;
    for line in BufReader::with_capacity(1 << 20, file).lines() {
        let line = line?;
        if line.is_empty() {
            continue;
        }
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        let member = |name: &str| object.get(name).and_then(|value| value.as_str()).unwrap_or("");
        let whole = format!("{}\n{}", member("title"), member("text"));
        writer.add_document(doc!(id => member("id"), text => whole))?;
        documents += 1;
    }
    writer.commit()?;
    if given("--merge") {
        let segments = index.searchable_segment_ids()?;
        if segments.len() > 1 {
            writer.merge(&segments).wait()?;
            writer.garbage_collect_files().wait()?;
        }
    }
    writer.wait_merging_threads()?;
    std::fs::write(format!("{directory}/analysis"), &analysis)?;
    let segments = index.searchable_segment_ids()?.len();
    eprintln!("tantivy: {documents} documents, {segments} segments");
    Ok(())
}

// The next word or phrase of a query, its sign, and what follows it.
fn next_clause(query: &str) -> (Occur, &str, &str) {
    let (occur, rest) = if let Some(rest) = query.strip_prefix('+') {
        (Occur::Must, rest)
    } else if let Some(rest) = query.strip_prefix('-') {
        (Occur::MustNot, rest)
    } else {
        (Occur::Should, query)
    };
    if let Some(phrase) = rest.strip_prefix('"') {
        let end = phrase.find('"').unwrap_or(phrase.len());
        return (occur, &phrase[..end], phrase.get(end + 1..).unwrap_or("").trim_start());
    }
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    (occur, &rest[..end], rest[end..].trim_start())
}

fn parse(query: &str, field: Field, analyzer: &mut TextAnalyzer) -> Box<dyn Query> {
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = vec![];
    let mut rest = query.trim();
    while !rest.is_empty() {
        let (occur, piece, following) = next_clause(rest);
        rest = following;
        let mut terms: Vec<(usize, Term)> = vec![];
        let mut tokens = analyzer.token_stream(piece);
        while tokens.advance() {
            let token = tokens.token();
            terms.push((token.position, Term::from_field_text(field, &token.text)));
        }
        match terms.len() {
            0 => {}
            1 => {
                let term = terms.pop().unwrap().1;
                let word = TermQuery::new(term, IndexRecordOption::WithFreqs);
                clauses.push((occur, Box::new(word)));
            }
            _ => clauses.push((occur, Box::new(PhraseQuery::new_with_offset(terms)))),
        }
    }
    match clauses.len() {
        0 => Box::new(EmptyQuery),
        1 if clauses[0].0 != Occur::MustNot => clauses.pop().unwrap().1,
        _ => Box::new(BooleanQuery::new(clauses)),
    }
}

struct Server {
    searcher: Searcher,
    id: Field,
    text: Field,
    analyzer: TextAnalyzer,
}

impl Server {
    fn answer(&mut self, command: &str, query: &str) -> tantivy::Result<String> {
        if command == "NOOP" {
            return Ok("0".into());
        }
        let query = parse(query, self.text, &mut self.analyzer);
        if command == "COUNT" {
            return Ok(query.count(&self.searcher)?.to_string());
        }
        let limit = |text: &str| text.parse::<usize>().ok();
        if let Some(limit) = command.strip_prefix("TOPIDS_").and_then(limit) {
            return self.ids(&*query, limit);
        }
        if let Some(limit) = command.strip_prefix("TOPTEXT_").and_then(limit) {
            return self.text_bytes(&*query, limit);
        }
        if let Some(rest) = command.strip_prefix("TOP_") {
            if let Some(limit) = rest.strip_suffix("_COUNT").and_then(limit) {
                let collectors = (TopDocs::with_limit(limit).order_by_score(), Count);
                return Ok(self.searcher.search(&*query, &collectors)?.1.to_string());
            }
            if let Some(limit) = limit(rest) {
                let collector = TopDocs::with_limit(limit).order_by_score();
                return Ok(self.searcher.search(&*query, &collector)?.len().to_string());
            }
        }
        Ok("UNSUPPORTED".into())
    }

    fn text_bytes(&self, query: &dyn Query, limit: usize) -> tantivy::Result<String> {
        let mut bytes = 0;
        for (_, address) in
            self.searcher.search(query, &TopDocs::with_limit(limit).order_by_score())?
        {
            let document: TantivyDocument = self.searcher.doc(address)?;
            let text = document.get_first(self.text);
            bytes += text.and_then(|value| value.as_str().map(str::len)).unwrap_or(0);
        }
        Ok(bytes.to_string())
    }

    fn ids(&self, query: &dyn Query, limit: usize) -> tantivy::Result<String> {
        let hits = self.searcher.search(query, &TopDocs::with_limit(limit).order_by_score())?;
        let mut text = String::new();
        for (score, address) in hits {
            let document: TantivyDocument = self.searcher.doc(address)?;
            let id = document.get_first(self.id).and_then(|value| value.as_str().map(String::from));
            if !text.is_empty() {
                text.push('\t');
            }
            text.push_str(&format!("{} {score}", id.unwrap_or_default()));
        }
        Ok(text)
    }
}

fn command_serve(directory: &str) -> tantivy::Result<()> {
    let analysis =
        std::fs::read_to_string(format!("{directory}/analysis")).unwrap_or("german".into());
    let index = Index::open_in_dir(directory)?;
    index.tokenizers().register("peer", analyzer(analysis.trim()));
    let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
    let mut server = Server {
        searcher: reader.searcher(),
        id: index.schema().get_field("id")?,
        text: index.schema().get_field("text")?,
        analyzer: analyzer(analysis.trim()),
    };
    let mut out = BufWriter::new(std::io::stdout());
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (command, query) = line.split_once('\t').unwrap_or((line.as_str(), ""));
        let start = Instant::now();
        let text = server.answer(command, query)?;
        let us = start.elapsed().as_nanos() as f64 / 1000.0;
        writeln!(out, "{text}\tus={us:.1}")?;
        out.flush()?;
    }
    Ok(())
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(|text| text.as_str()) {
        Some("version") => println!("{}", tantivy::version_string()),
        Some("index") if arguments.len() > 2 => command_index(&arguments[1..]).unwrap(),
        Some("serve") if arguments.len() == 2 => command_serve(&arguments[1]).unwrap(),
        _ => {
            eprintln!("index JSONL DIR [--threads N] [--merge] [--store] [--analysis plain|german|best]");
            eprintln!("serve DIR\nversion");
            std::process::exit(2)
        }
    }
}
