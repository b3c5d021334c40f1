/* SPDX-License-Identifier: MIT
 *
 * xapian.cc - Xapian behind the protocol of bench/README.md.
 *
 * Words and positions by its TermGenerator, queries by its QueryParser with signs and phrases
 * alone, BM25 with the parameters that Lupe has. `german` stems all words.
 */
#include <sys/stat.h>
#include <unistd.h>
#include <xapian.h>

#include <fstream>
#include <string>

#include "peer.h"

/* 10,000 documents, the default, is meant for little memory. */
static const char flush_documents[] = "100000";

static long put_lines(const std::string &path, FILE *file, bool stems, bool store)
{
    Xapian::WritableDatabase database(path, Xapian::DB_CREATE_OR_OVERWRITE |
                                                Xapian::DB_BACKEND_GLASS | Xapian::DB_NO_SYNC);
    Xapian::TermGenerator generator;
    if (stems)
        generator.set_stemmer(Xapian::Stem("german"));
    generator.set_stemming_strategy(stems ? Xapian::TermGenerator::STEM_ALL
                                          : Xapian::TermGenerator::STEM_NONE);
    peer_document read = {{nullptr, 0, 0}, {nullptr, 0, 0}};
    char *line = nullptr;
    size_t capacity = 0;
    long documents = 0;
    while (getline(&line, &capacity, file) > 0) {
        if (!read_document(line, &read))
            continue;
        Xapian::Document document;
        generator.set_document(document);
        generator.index_text(Xapian::Utf8Iterator(read.text.data, read.text.size));
        std::string data(read.id.data, read.id.size);
        if (store)
            data.append("\n").append(read.text.data, read.text.size);
        document.set_data(data);
        database.add_document(document);
        documents++;
    }
    database.commit();
    free(line);
    return documents;
}

static void remove_database(const std::string &path)
{
    static const char *const names[] = {"docdata.glass",  "flintlock",      "iamglass",
                                        "position.glass", "postlist.glass", "spelling.glass",
                                        "synonym.glass",  "termlist.glass", "analysis"};
    for (const char *name : names)
        unlink((path + "/" + name).c_str());
    rmdir(path.c_str());
}

static int command_index(int count, char **arguments)
{
    std::string directory = arguments[3];
    std::string analysis = option_value(count, arguments, "--analysis", "german");
    bool merge = option_given(count, arguments, "--merge");
    std::string building = merge ? directory + ".unmerged" : directory;
    FILE *file = fopen(arguments[2], "r");
    if (!file) {
        perror(arguments[2]);
        return 1;
    }
    setenv("XAPIAN_FLUSH_THRESHOLD", flush_documents, 0);
    remove_database(directory);
    remove_database(building);
    long documents =
        put_lines(building, file, analysis != "plain", option_given(count, arguments, "--store"));
    fclose(file);
    if (merge) {
        Xapian::Database database(building);
        database.compact(directory, Xapian::DBCOMPACT_NO_RENUMBER | Xapian::Compactor::FULL);
        database.close();
        remove_database(building);
    }
    std::ofstream(directory + "/analysis") << analysis;
    fprintf(stderr, "xapian: %ld documents\n", documents);
    return 0;
}

/* ------------------------------------------------------------------ serve */

class Server
{
  public:
    explicit Server(const std::string &directory)
        : database(directory), enquire(database), bm25(1.2, 0, 1, 0.75, 0.0)
    {
        std::string analysis = "german";
        std::ifstream(directory + "/analysis") >> analysis;
        parser.set_database(database);
        if (analysis != "plain")
            parser.set_stemmer(Xapian::Stem("german"));
        parser.set_stemming_strategy(analysis != "plain" ? Xapian::QueryParser::STEM_ALL
                                                         : Xapian::QueryParser::STEM_NONE);
        parser.set_default_op(Xapian::Query::OP_OR);
    }

    std::string answer(const peer_request &request)
    {
        if (request.command == PEER_NOOP)
            return "0";
        if (request.command == PEER_UNSUPPORTED)
            return "UNSUPPORTED";
        enquire.set_query(parser.parse_query(
            request.query, Xapian::QueryParser::FLAG_PHRASE | Xapian::QueryParser::FLAG_LOVEHATE));
        if (request.command == PEER_COUNT)
            enquire.set_weighting_scheme(Xapian::BoolWeight());
        else
            enquire.set_weighting_scheme(bm25);
        bool counts = request.command == PEER_COUNT || request.command == PEER_TOP_COUNT;
        Xapian::MSet hits =
            enquire.get_mset(0, request.limit, counts ? database.get_doccount() : 0);
        if (counts)
            return std::to_string(hits.get_matches_estimated());
        return request.command == PEER_IDS ? ids(hits) : std::to_string(hits.size());
    }

  private:
    static std::string ids(const Xapian::MSet &hits)
    {
        std::string text;
        char score[64];
        for (auto hit = hits.begin(); hit != hits.end(); ++hit) {
            std::string data = hit.get_document().get_data();
            snprintf(score, sizeof score, " %g", hit.get_weight());
            text += text.empty() ? "" : "\t";
            text += data.substr(0, data.find('\n')) + score;
        }
        return text;
    }

    Xapian::Database database;
    Xapian::Enquire enquire;
    Xapian::QueryParser parser;
    Xapian::BM25Weight bm25;
};

static int command_serve(const char *directory)
{
    Server server(directory);
    char *line = nullptr;
    size_t capacity = 0;
    ssize_t size;
    while ((size = getline(&line, &capacity, stdin)) > 0) {
        peer_request request = read_request(line, (size_t)size);
        std::string text;
        double start = now_us();
        try {
            text = server.answer(request);
        } catch (const Xapian::Error &error) {
            fprintf(stderr, "xapian: %s\n", error.get_description().c_str());
            text = "ERROR";
        }
        printf("%s\tus=%.1f\n", text.c_str(), now_us() - start);
        fflush(stdout);
    }
    free(line);
    return 0;
}

int main(int count, char **arguments)
{
    try {
        if (count == 2 && strcmp(arguments[1], "version") == 0)
            return printf("Xapian %s\n", Xapian::version_string()) < 0;
        if (count > 3 && strcmp(arguments[1], "index") == 0)
            return command_index(count, arguments);
        if (count == 3 && strcmp(arguments[1], "serve") == 0)
            return command_serve(arguments[2]);
    } catch (const Xapian::Error &error) {
        fprintf(stderr, "xapian: %s\n", error.get_description().c_str());
        return 1;
    }
    fprintf(stderr, "index JSONL DIR [--merge] [--store] [--analysis plain|german]\n"
                    "serve DIR\nversion\n");
    return 2;
}
