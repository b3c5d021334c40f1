# SPDX-License-Identifier: MIT
#
# Lupe: `make` builds, `make test` tests, `make demo` shows it at work, `make help` lists the
# rest. Sources are found by wildcard; nothing is written outside $(BUILD).

# ---------------------------------------------------------------- what can be set
# make CC=clang CFLAGS='-O3 -g' WERROR=1 BUILD=build/clang; make install PREFIX=/usr DESTDIR=/tmp/x

BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
CFLAGS ?= -O2 -g
LDFLAGS ?=
WERROR ?=
HOSTCC ?= $(CC)
TEST_FLAGS ?= --timeout 600
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=undefined

# ---------------------------------------------------------------- sources

ENGINE_C := $(sort $(wildcard engine/*.c engine/*/*.c))
TOOL_C := $(sort $(wildcard tools/*.c))
BENCH_C := $(sort $(wildcard bench/*.c))
TEST_C := $(sort $(wildcard tests/*.c))
HEADERS := $(sort $(wildcard include/*.h engine/*.h engine/*/*.h tools/*.h bench/*.h tests/*.h))

objects = $(patsubst %.c,$(BUILD)/objects/%.o,$(1))
ENGINE_O := $(call objects,$(ENGINE_C)) $(BUILD)/objects/lexicon_german.o
TOOL_O := $(call objects,$(TOOL_C))
BENCH_O := $(call objects,$(BENCH_C) $(if $(BENCH_C),tools/jsonl.c))
TEST_O := $(call objects,$(TEST_C))

TOOL := $(if $(TOOL_C),$(BUILD)/lupe)
BENCH := $(if $(BENCH_C),$(BUILD)/lupe-bench)
LIBRARIES := $(BUILD)/liblupe.a $(BUILD)/liblupe.so.0 $(BUILD)/liblupe.so

# ---------------------------------------------------------------- flags
# Scores are the same on every machine, hence -ffp-contract=off and never -ffast-math.

COMPILE = $(CC) -std=c11 -D_GNU_SOURCE $(CPPFLAGS) $(CFLAGS) -Wall -Wextra \
	$(if $(filter 1,$(WERROR)),-Werror) -ffp-contract=off -fPIC -fvisibility=hidden \
	-Iinclude -Iengine
LINK = $(CC) $(CFLAGS) $(LDFLAGS) -Wl,--as-needed
LIBS = -llmdb -lstemmer -lutf8proc -lzstd -lpthread -lm
TEST_LIBS = -lcriterion -ljansson $(LIBS)
VERSION = $(shell sed -n 's/^.define LUPE_VERSION "\(.*\)"/\1/p' include/lupe.h)

# ---------------------------------------------------------------- building

.PHONY: all clean help FORCE
.DELETE_ON_ERROR:

all: $(LIBRARIES) $(TOOL) $(BENCH) ## build/lupe, liblupe.a, liblupe.so.0, lupe-bench

$(BUILD)/objects/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c $< -o $@

# The lexicon of German compounds: a text file, packed by a program that runs here and now.
$(BUILD)/lexicon_pack: tools/lexicon/pack.c engine/text/lexicon_table.h
	@mkdir -p $(@D)
	$(HOSTCC) -std=c11 -O1 -Wall -Wextra -Iengine -o $@ $<
$(BUILD)/lexicon_german.c: $(BUILD)/lexicon_pack engine/text/lexicon_german.txt
	$(BUILD)/lexicon_pack engine/text/lexicon_german.txt > $@
$(BUILD)/objects/lexicon_german.o: $(BUILD)/lexicon_german.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c $< -o $@

-include $(patsubst %.o,%.d,$(ENGINE_O) $(TOOL_O) $(BENCH_O) $(TEST_O))

# These files change only when their content does: with the flags everything is compiled
# again, with the list of sources everything is linked again.
$(BUILD)/flags: CONTENT = $(COMPILE) $(LINK)
$(BUILD)/sources: CONTENT = $(ENGINE_C) $(TOOL_C) $(BENCH_C) $(TEST_C)
$(BUILD)/flags $(BUILD)/sources: FORCE
	@mkdir -p $(@D)
	@echo '$(CONTENT)' | cmp -s - $@ || echo '$(CONTENT)' > $@

# The archive is one object in which only the lupe_ symbols are global, as in the shared library.
$(BUILD)/liblupe.a: $(ENGINE_O) $(BUILD)/sources
	ld -r -o $(BUILD)/objects/liblupe.o $(ENGINE_O)
	objcopy --localize-hidden $(BUILD)/objects/liblupe.o
	rm -f $@
	ar rcs $@ $(BUILD)/objects/liblupe.o

$(BUILD)/liblupe.so.0: $(ENGINE_O) $(BUILD)/sources
	$(LINK) -shared -Wl,-soname,liblupe.so.0 -o $@ $(ENGINE_O) $(LIBS)

$(BUILD)/liblupe.so: $(BUILD)/liblupe.so.0
	ln -sf liblupe.so.0 $@

# The programs are linked with the plain objects: the tests look inside the engine.
$(BUILD)/lupe: $(TOOL_O) $(ENGINE_O) $(BUILD)/sources
	$(LINK) -o $@ $(TOOL_O) $(ENGINE_O) $(LIBS)

$(BUILD)/lupe-bench: $(BENCH_O) $(ENGINE_O) $(BUILD)/sources
	$(LINK) -o $@ $(BENCH_O) $(ENGINE_O) $(LIBS)

# A look at what the lexicon does, and its speed; tools/lexicon/make.py runs it.
$(BUILD)/lexicon_split: tools/lexicon/split.c $(ENGINE_O)
	$(COMPILE) -c $< -o $(BUILD)/objects/lexicon_split.o
	$(LINK) -o $@ $(BUILD)/objects/lexicon_split.o $(ENGINE_O) $(LIBS)

# Of the bench the tests take all but main; its reader of JSON Lines is in the tests already.
BENCH_PARTS_O := $(filter-out %/bench/main.o %/tools/jsonl.o,$(BENCH_O))

$(BUILD)/tests: $(TEST_O) $(BENCH_PARTS_O) $(ENGINE_O) $(BUILD)/sources
	$(LINK) -o $@ $(TEST_O) $(BENCH_PARTS_O) $(ENGINE_O) $(TEST_LIBS)

# ---------------------------------------------------------------- packages
# Debian package:the header or command that shows it is there. Nothing is done when all are.

PACKAGES = gcc:$(firstword $(CC)) libc6-dev:stdio.h binutils:objcopy liblmdb-dev:lmdb.h \
	libstemmer-dev:libstemmer.h libutf8proc-dev:utf8proc.h libzstd-dev:zstd.h \
	libxxhash-dev:xxhash.h
TEST_PACKAGES = libcriterion-dev:criterion/criterion.h libjansson-dev:jansson.h \
	pkg-config:pkg-config

define install_missing
	@missing=; for pair in $(1); do need=$${pair#*:}; case $$need in \
	    *.h) echo "#include <$$need>" | $(CC) -E -x c - > /dev/null 2>&1;; \
	    *) command -v $$need > /dev/null;; \
	esac || missing="$$missing $${pair%%:*}"; done; test "$$missing" || exit 0; \
	sudo=; test $$(id -u) = 0 || sudo=sudo; \
	install="$$sudo apt-get install -y --no-install-recommends$$missing"; \
	{ test -z "$$sudo" || command -v sudo; } > /dev/null && command -v apt-get > /dev/null || \
	    { echo "Missing packages. On Debian: sudo apt-get install$$missing"; exit 1; }; \
	export DEBIAN_FRONTEND=noninteractive; echo "$$install"; \
	$$install || { $$sudo apt-get update && $$install; } || \
	    { echo "Missing packages. On Debian: sudo apt-get install$$missing"; exit 1; }
endef

.PHONY: deps deps-build
deps: ## installs the Debian packages that are missing
	$(call install_missing,$(PACKAGES) $(TEST_PACKAGES))
deps-build:
	$(call install_missing,$(PACKAGES))

# Where a goal is to work from a bare machine, the packages come before the first object.
ifneq ($(filter test run-tests run-tests-simd,$(MAKECMDGOALS)),)
$(ENGINE_O) $(TOOL_O) $(BENCH_O) $(TEST_O): | deps
else ifneq ($(filter demo,$(MAKECMDGOALS)),)
$(ENGINE_O) $(TOOL_O): | deps-build
endif

# ---------------------------------------------------------------- tests

# Files of tests lie in a directory of their own, in memory where that can be, removed at the
# end even when a test crashes. Run by root, some become another user, who has to get there.
define run_tests
	@TMPDIR=$$(mktemp -d -p "$${TMPDIR:-$$(test -w /dev/shm && echo /dev/shm || echo /tmp)}" \
	    lupe-tests.XXXXXX) && export TMPDIR && trap 'rm -rf "$$TMPDIR"' EXIT && \
	chmod 711 "$$TMPDIR" && \
	$(BUILD)/tests $(TEST_FLAGS) 2>&1 && \
	{ test ! -f tests/cli.sh || test -z "$(TOOL)" || LUPE=$(BUILD)/lupe bash tests/cli.sh; }
endef

.PHONY: demo test test-all run-tests run-tests-simd asan bench
.PHONY: check-layers check-readme check-install
demo: $(BUILD)/lupe ## indexes the sample texts and searches them
	rm -f $(BUILD)/demo.lupe*
	$(BUILD)/lupe index -i $(BUILD)/demo.lupe tests/data/texte
	$(BUILD)/lupe search -i $(BUILD)/demo.lupe "Wladiwostok Munition"

test: run-tests check-layers check-readme ## unit and command-line tests, house rules, pages

run-tests: $(BUILD)/tests $(TOOL)
	$(run_tests)

asan: ## the tests under AddressSanitizer and UBSan, in build/asan
	$(MAKE) BUILD=$(BUILD)/asan CFLAGS='-O1 -g -fno-omit-frame-pointer $(SANITIZE)' run-tests

run-tests-simd: $(BUILD)/tests
	@for path in scalar sse41 avx2 avx512 neon; do echo "LUPE_SIMD=$$path"; \
	    LUPE_SIMD=$$path $(MAKE) -s run-tests || exit 1; done

test-all: export TEST_LEVEL = full
test-all: ## all of it: full fault injection, every SIMD path, sanitizers, an installation
	$(MAKE) test
	$(MAKE) run-tests-simd
	$(MAKE) asan
	$(MAKE) check-install

bench: $(BUILD)/lupe-bench ## speed and size of this machine's build
	$(BUILD)/lupe-bench micro

# CORPUS, QUERIES: files of the user's, else text is invented; BENCH_OPTIONS as in bench/README.md.
PEERS ?= tantivy lucene fts5 xapian
PYTHON ?= python3
bench_corpus = $(if $(CORPUS),--corpus '$(CORPUS)') $(if $(QUERIES),--queries '$(QUERIES)') \
	$(BENCH_OPTIONS)

.PHONY: bench-peers bench-compare bench-quality check-bench
bench-peers: $(BUILD)/lupe-bench ## Lupe beside other engines, into build/peers/table.md
	CC='$(CC)' $(PYTHON) -B bench/peers.py --bench $(BUILD)/lupe-bench --build $(BUILD)/peers \
	    --peers '$(PEERS)' $(bench_corpus)

bench-compare: $(BUILD)/lupe-bench ## this build beside that of BASE=revision
	@test -n '$(BASE)' || { echo 'BASE=revision is missing'; exit 2; }
	$(PYTHON) -B bench/compare.py --base '$(BASE)' $(if $(NEW),--new '$(NEW)') \
	    --bench $(BUILD)/lupe-bench --folder $(BUILD)/compare --make '$(MAKE)' $(bench_corpus)

# DIR: a set of documents, queries and judgements or a folder of sets, else the sample of the tree;
# QUALITY_OPTIONS as in bench/quality/README.md.
bench-quality: $(TOOL) $(BUILD)/lupe-bench ## relevance by sets of queries and judgements
	$(PYTHON) -B bench/quality/quality.py --lupe $(BUILD)/lupe --bench $(BUILD)/lupe-bench \
	    --folder $(BUILD)/quality $(QUALITY_OPTIONS) '$(or $(DIR),bench/quality/sample)'

check-bench: $(TOOL) $(BUILD)/lupe-bench ## the Python of the bench, where there is Python
	@command -v $(PYTHON) > /dev/null || { echo 'check-bench: no $(PYTHON), left out'; exit 0; }; \
	    $(PYTHON) -B -m unittest discover -q -s bench -p 'test_*.py' && \
	    BUILD=$(BUILD) $(PYTHON) -B -m unittest discover -q -s bench/quality -p 'test_*.py'

check-layers: ## includes and calls obey the house rules
	bash tests/check_layers.sh

check-readme: $(BUILD)/liblupe.a $(TOOL) ## the program, commands and links of the pages
	BUILD=$(BUILD) CC='$(CC)' CFLAGS='$(CFLAGS)' bash tests/check_readme.sh

check-install: $(LIBRARIES) $(TOOL) ## installs into the build directory and links with it
	BUILD=$(BUILD) CC='$(CC)' MAKE='$(MAKE)' bash tests/check_install.sh

# ---------------------------------------------------------------- formatting

FORMATTED = $(ENGINE_C) $(TOOL_C) $(BENCH_C) $(TEST_C) $(HEADERS) \
	$(sort $(wildcard tools/lexicon/*.c bench/peers/*.h bench/peers/*.c bench/peers/*.cc))

.PHONY: format format-check
format: ## formats all sources with clang-format
	clang-format -i $(FORMATTED)
format-check: ## tells which sources are not formatted
	clang-format --dry-run -Werror $(FORMATTED)
	@! LC_ALL=C.UTF-8 grep -HnE '^.{101,}$$' $(FORMATTED)

# ---------------------------------------------------------------- installing

AT = $(DESTDIR)$(PREFIX)

.PHONY: install uninstall $(BUILD)/lupe.pc
$(BUILD)/lupe.pc:
	@mkdir -p $(@D)
	@printf '%s\n' 'prefix=$(PREFIX)' 'Name: lupe' 'Version: $(VERSION)' \
	    'Description: embedded full-text search' 'Cflags: -I$${prefix}/include' \
	    'Libs: -L$${prefix}/lib -llupe' 'Libs.private: $(LIBS)' > $@

install: $(LIBRARIES) $(TOOL) $(BUILD)/lupe.pc ## below PREFIX (/usr/local), DESTDIR in front
	install -d $(AT)/include $(AT)/lib/pkgconfig $(AT)/bin $(AT)/share/man/man1
	install -m 644 include/lupe.h $(AT)/include/
	install -m 644 $(BUILD)/liblupe.a $(AT)/lib/
	install -m 755 $(BUILD)/liblupe.so.0 $(AT)/lib/
	ln -sf liblupe.so.0 $(AT)/lib/liblupe.so
	install -m 644 $(BUILD)/lupe.pc $(AT)/lib/pkgconfig/
	$(if $(TOOL),install -m 755 $(TOOL) $(AT)/bin/)
	$(if $(wildcard tools/lupe.1),install -m 644 tools/lupe.1 $(AT)/share/man/man1/)

uninstall: ## removes what install put there
	rm -f $(AT)/include/lupe.h $(AT)/lib/liblupe.a $(AT)/lib/liblupe.so $(AT)/lib/liblupe.so.0 \
	    $(AT)/lib/pkgconfig/lupe.pc $(AT)/bin/lupe $(AT)/share/man/man1/lupe.1

clean: ## removes the build directory
	rm -rf $(BUILD)

help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | \
	    while IFS='|' read -r target text; do printf '%-14s %s\n' "$$target" "$$text"; done
