/* SPDX-License-Identifier: MIT
 *
 * LucenePeer.java - Lucene behind the protocol of bench/README.md.
 *
 * `plain` is StandardTokenizer with LowerCaseFilter, `german` puts the Snowball filter behind it,
 * `best` is GermanAnalyzer. The query cache is off: it would answer a query that was asked before.
 * `--reorder` merges with similar documents next to each other (recursive graph bisection).
 */
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.core.LowerCaseFilter;
import org.apache.lucene.analysis.de.GermanAnalyzer;
import org.apache.lucene.analysis.snowball.SnowballFilter;
import org.apache.lucene.analysis.standard.StandardTokenizer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.analysis.tokenattributes.PositionIncrementAttribute;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.FieldType;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexOptions;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.SerialMergeScheduler;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.index.Term;
import org.apache.lucene.misc.index.BPIndexReorderer;
import org.apache.lucene.misc.index.BPReorderingMergePolicy;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.MatchNoDocsQuery;
import org.apache.lucene.search.PhraseQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.search.TopScoreDocCollectorManager;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.util.Version;

public class LucenePeer {
  static final int BUFFER_MEGABYTES = 256;

  static Analyzer analyzer(String analysis) {
    if (analysis.equals("best")) return new GermanAnalyzer();
    final boolean stems = !analysis.equals("plain");
    return new Analyzer() {
      @Override
      protected TokenStreamComponents createComponents(String field) {
        StandardTokenizer words = new StandardTokenizer();
        TokenStream stream = new LowerCaseFilter(words);
        if (stems) stream = new SnowballFilter(stream, "German");
        return new TokenStreamComponents(words, stream);
      }
    };
  }

  static String option(String[] arguments, String name, String other) {
    for (int i = 0; i + 1 < arguments.length; i++)
      if (arguments[i].equals(name)) return arguments[i + 1];
    return other;
  }

  // ---------------------------------------------------------------- index

  static FieldType textType(boolean store) {
    FieldType type = new FieldType(TextField.TYPE_NOT_STORED);
    type.setIndexOptions(IndexOptions.DOCS_AND_FREQS_AND_POSITIONS);
    type.setStored(store);
    type.freeze();
    return type;
  }

  static void index(String[] arguments) throws IOException {
    String analysis = option(arguments, "--analysis", "german");
    List<String> given = Arrays.asList(arguments);
    Path path = Paths.get(arguments[2]);
    FieldType type = textType(given.contains("--store"));
    IndexWriterConfig config = new IndexWriterConfig(analyzer(analysis));
    config.setOpenMode(IndexWriterConfig.OpenMode.CREATE);
    config.setRAMBufferSizeMB(BUFFER_MEGABYTES);
    config.setSimilarity(new BM25Similarity(1.2f, 0.75f));
    config.setMergeScheduler(new SerialMergeScheduler());
    if (given.contains("--reorder")) { // by a merge, so there must be several segments
      config.setRAMBufferSizeMB(BUFFER_MEGABYTES / 8.0);
      config.setMergePolicy(
          new BPReorderingMergePolicy(config.getMergePolicy(), new BPIndexReorderer()));
    }
    Files.createDirectories(path);
    long documents = 0;
    try (Directory directory = FSDirectory.open(path);
        IndexWriter writer = new IndexWriter(directory, config);
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(new FileInputStream(arguments[1]), StandardCharsets.UTF_8),
                1 << 20)) {
      ObjectMapper mapper = new ObjectMapper();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.isEmpty()) continue;
        JsonNode object = mapper.readTree(line);
        String title = object.path("title").asText("");
        Document document = new Document();
        document.add(new StoredField("id", object.path("id").asText("")));
        document.add(new Field("text", title + "\n" + object.path("text").asText(""), type));
        writer.addDocument(document);
        documents++;
      }
      if (given.contains("--merge")) writer.forceMerge(1);
      writer.commit();
    }
    Files.writeString(path.resolve("analysis"), analysis);
    System.err.println("lucene: " + documents + " documents");
  }

  // ---------------------------------------------------------------- queries

  /** A word or phrase as the analyzer reads it; null when nothing is left of it. */
  static Query piece(String text, Analyzer analyzer) throws IOException {
    List<Term> terms = new ArrayList<>();
    List<Integer> positions = new ArrayList<>();
    try (TokenStream stream = analyzer.tokenStream("text", text)) {
      CharTermAttribute term = stream.addAttribute(CharTermAttribute.class);
      PositionIncrementAttribute step = stream.addAttribute(PositionIncrementAttribute.class);
      int position = -1;
      stream.reset();
      while (stream.incrementToken()) {
        position += step.getPositionIncrement();
        terms.add(new Term("text", term.toString()));
        positions.add(position);
      }
      stream.end();
    }
    if (terms.isEmpty()) return null;
    if (terms.size() == 1) return new TermQuery(terms.get(0));
    PhraseQuery.Builder phrase = new PhraseQuery.Builder();
    for (int i = 0; i < terms.size(); i++) phrase.add(terms.get(i), positions.get(i));
    return phrase.build();
  }

  static Query parse(String text, Analyzer analyzer) throws IOException {
    BooleanQuery.Builder all = new BooleanQuery.Builder();
    int count = 0;
    Query only = null;
    for (int at = 0; at < text.length(); ) {
      char first = text.charAt(at);
      if (Character.isWhitespace(first)) {
        at++;
        continue;
      }
      BooleanClause.Occur occur = BooleanClause.Occur.SHOULD;
      if (first == '+') occur = BooleanClause.Occur.MUST;
      if (first == '-') occur = BooleanClause.Occur.MUST_NOT;
      if (occur != BooleanClause.Occur.SHOULD) at++;
      int begin = at;
      int end = at;
      if (at < text.length() && text.charAt(at) == '"') {
        begin = at + 1;
        end = text.indexOf('"', begin);
        if (end < 0) end = text.length();
        at = end + 1;
      } else {
        while (end < text.length() && !Character.isWhitespace(text.charAt(end))) end++;
        at = end;
      }
      Query piece = piece(text.substring(begin, end), analyzer);
      if (piece == null) continue;
      all.add(piece, occur);
      only = occur == BooleanClause.Occur.MUST_NOT ? null : piece;
      count++;
    }
    if (count == 0) return new MatchNoDocsQuery();
    return count == 1 && only != null ? only : all.build();
  }

  static TopDocs top(IndexSearcher searcher, Query query, int limit, int exact)
      throws IOException {
    return searcher.search(query, new TopScoreDocCollectorManager(limit, null, exact));
  }

  static String ids(IndexSearcher searcher, Query query, int limit) throws IOException {
    StringBuilder text = new StringBuilder();
    StoredFields fields = searcher.storedFields();
    for (ScoreDoc hit : top(searcher, query, limit, 1).scoreDocs) {
      if (text.length() > 0) text.append('\t');
      text.append(fields.document(hit.doc, Set.of("id")).get("id")).append(' ').append(hit.score);
    }
    return text.toString();
  }

  static String textBytes(IndexSearcher searcher, Query query, int limit) throws IOException {
    long bytes = 0;
    StoredFields fields = searcher.storedFields();
    for (ScoreDoc hit : top(searcher, query, limit, 1).scoreDocs) {
      String text = fields.document(hit.doc).get("text");
      if (text != null) bytes += text.length();
    }
    return Long.toString(bytes);
  }

  static String answer(String command, String text, IndexSearcher searcher, Analyzer analyzer)
      throws IOException {
    if (command.equals("NOOP")) return "0";
    Query query = parse(text, analyzer);
    if (command.equals("COUNT")) return Integer.toString(searcher.count(query));
    if (command.startsWith("TOPIDS_"))
      return ids(searcher, query, Integer.parseInt(command.substring(7)));
    if (command.startsWith("TOPTEXT_"))
      return textBytes(searcher, query, Integer.parseInt(command.substring(8)));
    if (!command.startsWith("TOP_")) return "UNSUPPORTED";
    String rest = command.substring(4);
    if (!rest.endsWith("_COUNT"))
      return Integer.toString(top(searcher, query, Integer.parseInt(rest), 1).scoreDocs.length);
    int limit = Integer.parseInt(rest.substring(0, rest.length() - 6));
    return Long.toString(top(searcher, query, limit, Integer.MAX_VALUE).totalHits.value());
  }

  static void serve(String directory) throws IOException {
    Path path = Paths.get(directory);
    Path kept = path.resolve("analysis");
    Analyzer analyzer = analyzer(Files.exists(kept) ? Files.readString(kept).trim() : "german");
    IndexSearcher searcher = new IndexSearcher(DirectoryReader.open(new MMapDirectory(path)));
    searcher.setQueryCache(null);
    searcher.setSimilarity(new BM25Similarity(1.2f, 0.75f));
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out =
        new PrintStream(
            new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16),
            false,
            StandardCharsets.UTF_8);
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      int tab = line.indexOf('\t');
      String command = tab < 0 ? line : line.substring(0, tab);
      String query = tab < 0 ? "" : line.substring(tab + 1);
      long start = System.nanoTime();
      String text = answer(command, query, searcher, analyzer);
      long spent = System.nanoTime() - start;
      out.print(text + "\tus=" + spent / 100 / 10.0 + "\n");
      out.flush();
    }
  }

  public static void main(String[] arguments) throws IOException {
    if (arguments.length == 1 && arguments[0].equals("version"))
      System.out.println("Lucene " + Version.LATEST + ", Java " + Runtime.version().feature());
    else if (arguments.length > 2 && arguments[0].equals("index")) index(arguments);
    else if (arguments.length == 2 && arguments[0].equals("serve")) serve(arguments[1]);
    else {
      System.err.println("index JSONL DIR [--merge] [--store] [--analysis plain|german|best]");
      System.err.println("serve DIR\nversion");
      System.exit(2);
    }
  }
}
