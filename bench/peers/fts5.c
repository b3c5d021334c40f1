/* SPDX-License-Identifier: MIT
 *
 * fts5.c - SQLite FTS5 behind the protocol of bench/README.md.
 *
 * `plain` is FTS5's tokenizer unicode61 with its diacritics kept; `german` puts the stems of
 * libstemmer behind it. FTS5 has no command for hits and their number at once: TOP_k_COUNT asks
 * twice. "+a b" becomes (a) OR ((a) AND (b)): the same documents, b scored.
 */
#include <libstemmer.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "peer.h"

#define CLAUSES_MAX 256
#define EXPRESSION_BYTES (1u << 18)

typedef int (*token_handler)(void *, int, const char *, int, int, int);

/* ------------------------------------------------------------------ the tokenizer */

struct stemming {
    fts5_tokenizer words;
    Fts5Tokenizer *tokenizer;
    struct sb_stemmer *stemmer;
};

struct stemming_call {
    void *context;
    token_handler handler;
    struct sb_stemmer *stemmer;
};

static int stemming_create(void *user, const char **arguments, int count, Fts5Tokenizer **tokenizer)
{
    fts5_api *api = (fts5_api *)user;
    struct stemming *stemming = (struct stemming *)calloc(1, sizeof *stemming);
    const char *options[] = {"remove_diacritics", "0"};
    void *words_user = NULL;
    (void)arguments;
    (void)count;
    if (!stemming)
        return SQLITE_NOMEM;
    api->xFindTokenizer(api, "unicode61", &words_user, &stemming->words);
    stemming->words.xCreate(words_user, options, 2, &stemming->tokenizer);
    stemming->stemmer = sb_stemmer_new("german", "UTF_8");
    *tokenizer = (Fts5Tokenizer *)stemming;
    return stemming->stemmer ? SQLITE_OK : SQLITE_ERROR;
}

static void stemming_delete(Fts5Tokenizer *tokenizer)
{
    struct stemming *stemming = (struct stemming *)tokenizer;
    stemming->words.xDelete(stemming->tokenizer);
    sb_stemmer_delete(stemming->stemmer);
    free(stemming);
}

static int stem_token(void *user, int flags, const char *token, int size, int start, int end)
{
    struct stemming_call *call = (struct stemming_call *)user;
    const sb_symbol *stem = sb_stemmer_stem(call->stemmer, (const sb_symbol *)token, size);
    return call->handler(call->context, flags, (const char *)stem, sb_stemmer_length(call->stemmer),
                         start, end);
}

static int stemming_tokenize(Fts5Tokenizer *tokenizer, void *context, int flags, const char *text,
                             int size, token_handler handler)
{
    struct stemming *stemming = (struct stemming *)tokenizer;
    struct stemming_call call = {context, handler, stemming->stemmer};
    return stemming->words.xTokenize(stemming->tokenizer, &call, flags, text, size, stem_token);
}

/* ------------------------------------------------------------------ the database */

static void sqlite_fail(sqlite3 *database, const char *what)
{
    fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(database));
    exit(1);
}

static void execute(sqlite3 *database, const char *statement)
{
    if (sqlite3_exec(database, statement, NULL, NULL, NULL) != SQLITE_OK)
        sqlite_fail(database, statement);
}

static sqlite3_stmt *prepare(sqlite3 *database, const char *text)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(database, text, -1, &statement, NULL) != SQLITE_OK)
        sqlite_fail(database, text);
    return statement;
}

static void step(sqlite3 *database, sqlite3_stmt *statement)
{
    if (sqlite3_step(statement) != SQLITE_DONE)
        sqlite_fail(database, sqlite3_sql(statement));
    sqlite3_reset(statement);
}

static sqlite3 *database_open(const char *directory)
{
    static fts5_tokenizer tokenizer = {stemming_create, stemming_delete, stemming_tokenize};
    char path[4096];
    sqlite3 *database = NULL;
    fts5_api *api = NULL;
    snprintf(path, sizeof path, "%s/index.db", directory);
    if (sqlite3_open(path, &database) != SQLITE_OK)
        sqlite_fail(database, path);
    sqlite3_stmt *statement = prepare(database, "SELECT fts5(?1)");
    sqlite3_bind_pointer(statement, 1, (void *)&api, "fts5_api_ptr", NULL);
    sqlite3_step(statement);
    sqlite3_finalize(statement);
    if (!api || api->xCreateTokenizer(api, "stemming", api, &tokenizer, NULL) != SQLITE_OK)
        sqlite_fail(database, "tokenizer");
    execute(database, "PRAGMA cache_size=-262144; PRAGMA mmap_size=17179869184; "
                      "PRAGMA temp_store=MEMORY");
    return database;
}

/* ------------------------------------------------------------------ index */

static void create_tables(sqlite3 *database, const char *analysis, int store)
{
    char text[256];
    execute(database, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF");
    execute(database, store ? "CREATE TABLE docs(rowid INTEGER PRIMARY KEY, id TEXT, text TEXT)"
                            : "CREATE TABLE docs(rowid INTEGER PRIMARY KEY, id TEXT)");
    snprintf(text, sizeof text,
             "CREATE VIRTUAL TABLE f USING fts5(text, content=%s, tokenize=\"%s\")",
             store ? "docs" : "''",
             strcmp(analysis, "plain") == 0 ? "unicode61 remove_diacritics 0" : "stemming");
    execute(database, text);
    execute(database, "INSERT INTO f(f, rank) VALUES('hashsize', 67108864)");
}

static long put_lines(sqlite3 *database, FILE *file, int store)
{
    sqlite3_stmt *words = prepare(database, "INSERT INTO f(rowid, text) VALUES(?, ?)");
    sqlite3_stmt *row = prepare(database, store ? "INSERT INTO docs VALUES(?, ?, ?)"
                                                : "INSERT INTO docs VALUES(?, ?)");
    struct peer_document document = {{0}, {0}};
    char *line = NULL;
    size_t capacity = 0;
    long documents = 0;
    while (getline(&line, &capacity, file) > 0) {
        if (!read_document(line, &document))
            continue;
        documents++;
        sqlite3_bind_int64(words, 1, documents);
        sqlite3_bind_text(words, 2, document.text.data, (int)document.text.size, SQLITE_STATIC);
        step(database, words);
        sqlite3_bind_int64(row, 1, documents);
        sqlite3_bind_text(row, 2, document.id.data, (int)document.id.size, SQLITE_STATIC);
        if (store)
            sqlite3_bind_text(row, 3, document.text.data, (int)document.text.size, SQLITE_STATIC);
        step(database, row);
    }
    sqlite3_finalize(words);
    sqlite3_finalize(row);
    free(line);
    return documents;
}

static int command_index(int count, char **arguments)
{
    const char *directory = arguments[3];
    int store = option_given(count, arguments, "--store");
    char path[4096];
    FILE *file = fopen(arguments[2], "r");
    if (!file) {
        perror(arguments[2]);
        return 1;
    }
    mkdir(directory, 0777);
    snprintf(path, sizeof path, "%s/index.db", directory);
    unlink(path);
    sqlite3 *database = database_open(directory);
    create_tables(database, option_value(count, arguments, "--analysis", "german"), store);
    execute(database, "BEGIN");
    long documents = put_lines(database, file, store);
    execute(database, "COMMIT");
    if (option_given(count, arguments, "--merge")) {
        execute(database, "INSERT INTO f(f) VALUES('optimize')");
        execute(database, "VACUUM");
    }
    sqlite3_close(database);
    fclose(file);
    fprintf(stderr, "fts5: %ld documents\n", documents);
    return 0;
}

/* ------------------------------------------------------------------ serve */

struct expression {
    char text[EXPRESSION_BYTES];
    size_t size;
};

static void add(struct expression *expression, const char *text, size_t size)
{
    if (expression->size + size + 1 > sizeof expression->text)
        return;
    memcpy(expression->text + expression->size, text, size);
    expression->size += size;
    expression->text[expression->size] = '\0';
}

static void add_string(struct expression *expression, const char *text)
{
    add(expression, text, strlen(text));
}

/* All clauses of a sign. In quotes, so that a word that the tokenizer splits is a phrase. */
static void add_clauses(struct expression *expression, const struct clause *clauses, int count,
                        char sign, const char *operator)
{
    int written = 0;
    for (int i = 0; i < count; i++) {
        if (clauses[i].sign != sign)
            continue;
        if (written++)
            add_string(expression, operator);
        add_string(expression, "\"");
        for (size_t j = 0; j < clauses[i].size; j++)
            add(expression, clauses[i].text[j] == '"' ? "\"\"" : clauses[i].text + j,
                clauses[i].text[j] == '"' ? 2 : 1);
        add_string(expression, "\"");
    }
}

/* False when the query asks for nothing. */
static int write_expression(const char *query, struct expression *expression)
{
    struct clause clauses[CLAUSES_MAX];
    int count = split_query(query, clauses, CLAUSES_MAX);
    int required = 0;
    int optional = 0;
    int excluded = 0;
    for (int i = 0; i < count; i++) {
        required += clauses[i].sign == '+';
        optional += clauses[i].sign == ' ';
        excluded += clauses[i].sign == '-';
    }
    expression->size = 0;
    if (required + optional == 0)
        return 0;
    add_string(expression, "((");
    if (required)
        add_clauses(expression, clauses, count, '+', " AND ");
    else
        add_clauses(expression, clauses, count, ' ', " OR ");
    add_string(expression, ")");
    if (required && optional) {
        add_string(expression, " OR ((");
        add_clauses(expression, clauses, count, '+', " AND ");
        add_string(expression, ") AND (");
        add_clauses(expression, clauses, count, ' ', " OR ");
        add_string(expression, "))");
    }
    add_string(expression, ")");
    if (excluded) {
        add_string(expression, " NOT ");
        add_clauses(expression, clauses, count, '-', " NOT ");
    }
    return 1;
}

struct server {
    sqlite3 *database;
    sqlite3_stmt *count;
    sqlite3_stmt *top;
    sqlite3_stmt *ids;
    struct expression expression;
};

static long long count_documents(struct server *server)
{
    long long number = 0;
    sqlite3_bind_text(server->count, 1, server->expression.text, -1, SQLITE_STATIC);
    if (sqlite3_step(server->count) == SQLITE_ROW)
        number = sqlite3_column_int64(server->count, 0);
    sqlite3_reset(server->count);
    return number;
}

static long long find_top(struct server *server, sqlite3_stmt *statement, int limit, int print)
{
    long long hits = 0;
    sqlite3_bind_text(statement, 1, server->expression.text, -1, SQLITE_STATIC);
    sqlite3_bind_int(statement, 2, limit);
    for (; sqlite3_step(statement) == SQLITE_ROW; hits++)
        if (print)
            printf("%s%s %g", hits ? "\t" : "", (const char *)sqlite3_column_text(statement, 0),
                   -sqlite3_column_double(statement, 1));
    sqlite3_reset(statement);
    return hits;
}

static void answer(struct server *server, const struct peer_request *request)
{
    double start = now_us();
    long long number = 0;
    int asks = request->command != PEER_NOOP && request->command != PEER_UNSUPPORTED &&
               write_expression(request->query, &server->expression);
    if (asks && request->command == PEER_IDS)
        find_top(server, server->ids, request->limit, 1);
    else if (asks && request->command != PEER_COUNT)
        number = find_top(server, server->top, request->limit, 0);
    if (asks && (request->command == PEER_COUNT || request->command == PEER_TOP_COUNT))
        number = count_documents(server);
    if (request->command == PEER_UNSUPPORTED)
        printf("UNSUPPORTED");
    else if (request->command != PEER_IDS)
        printf("%lld", number);
    printf("\tus=%.1f\n", now_us() - start);
    fflush(stdout);
}

static int command_serve(const char *directory)
{
    static struct server server;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    server.database = database_open(directory);
    execute(server.database, "PRAGMA query_only=1");
    server.count = prepare(server.database, "SELECT count(*) FROM f WHERE f MATCH ?");
    server.top =
        prepare(server.database, "SELECT rowid, rank FROM f WHERE f MATCH ? ORDER BY rank LIMIT ?");
    server.ids =
        prepare(server.database, "SELECT d.id, x.r FROM (SELECT rowid AS i, rank AS r FROM f "
                                 "WHERE f MATCH ?1 ORDER BY rank LIMIT ?2) x "
                                 "JOIN docs d ON d.rowid = x.i ORDER BY x.r");
    execute(server.database, "BEGIN"); /* one read transaction, as a snapshot is */
    while ((size = getline(&line, &capacity, stdin)) > 0) {
        struct peer_request request = read_request(line, (size_t)size);
        answer(&server, &request);
    }
    free(line);
    return 0;
}

int main(int count, char **arguments)
{
    if (count == 2 && strcmp(arguments[1], "version") == 0)
        return printf("SQLite FTS5 %s\n", sqlite3_libversion()) < 0;
    if (count > 3 && strcmp(arguments[1], "index") == 0)
        return command_index(count, arguments);
    if (count == 3 && strcmp(arguments[1], "serve") == 0)
        return command_serve(arguments[2]);
    fprintf(stderr, "index JSONL DIR [--merge] [--store] [--analysis plain|german]\n"
                    "serve DIR\nversion\n");
    return 2;
}
