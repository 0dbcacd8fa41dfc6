# pyked: a web server. "make run" serves www/, "make test" tests everything,
# "make help" lists the rest. The source lists below are the map.

VERSION	= 0.1

# What the program and the unit tests in t/unit are made of: everything but
# main().
LIB	= $(filter-out master/main,$(patsubst %.c,%,$(sort $(wildcard \
	  common/*.c master/*.c worker/*.c worker/http/*.c worker/serve/*.c))))
UNIT	= $(patsubst t/unit/%.c,%,$(wildcard t/unit/*_test.c))
# The fuzz targets, which run their corpora as unit tests.
FUZZ	= $(filter-out plain relay,$(patsubst t/fuzz/%.c,%,$(wildcard t/fuzz/*.c)))
TESTS	= $(UNIT:%=$(B)/t/%) $(FUZZ:%=$(B)/t/fuzz/%)
# Sample programs of www/, built from C.
SAMPLES	= www/cgi-bin/hello

CC	?= gcc
B	= build/release
PROGRAM	= pyked
WARN	= -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	  -Wcast-qual -Wwrite-strings -Wvla -Wformat=2
HARDEN	= -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
HARDENL	= -pie -Wl,-z,relro -Wl,-z,now
OPT	= -O2
WERROR	= $(if $(CI),-Werror)
ALLC	= -std=c11 -D_GNU_SOURCE -DPYKED_VERSION='"$(VERSION)"' -I. -I$(B) \
	  -isystem /usr/include/bsd -DLIBBSD_OVERLAY $(WARN) $(WERROR) \
	  $(OPT) $(ZLIB) -g -ffile-prefix-map=$(CURDIR)=. $(HARDEN) $(CFLAGS)
ALLL	= $(HARDENL) $(LDFLAGS)
# For the directive gzip; left out where it is missing ("make ZLIB=" also does).
ZLIB	:= $(shell printf '\043include <zlib.h>\n' | $(CC) -E - >/dev/null 2>&1 && \
	  echo -DPYKED_ZLIB)
LIBS	= -lssl -lcrypto -lbsd -lcrypt $(if $(ZLIB),-lz)

all: $(PROGRAM) $(SAMPLES)

$(PROGRAM): $(B)/master/main.o $(B)/libpyked.a
	$(CC) $(ALLC) $(ALLL) -o $@ $^ $(LIBS)

$(B)/libpyked.a: $(LIB:%=$(B)/%.o)
	@rm -f $@
	ar rcs $@ $^

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALLC) -MMD -MP -c -o $@ $<

# Where the default configuration is; built anew when that changes.
WITH_CONF = $(B)/master/cli.o $(B)/master/arguments_folder.o
$(WITH_CONF): ALLC += -DPYKED_SYSCONFDIR='"$(SYSCONFDIR)"'
$(WITH_CONF): $(B)/sysconfdir
$(B)/sysconfdir: FORCE
	@mkdir -p $(@D)
	@echo '$(SYSCONFDIR)' | cmp -s - $@ || echo '$(SYSCONFDIR)' > $@
FORCE:

# conf/mime.types as C string literals, so that the program needs no file.
$(B)/mime_types.inc: conf/mime.types
	@mkdir -p $(@D)
	sed -e 's/["\\]/\\&/g' -e 's/.*/"&\\n"/' $< > $@
$(B)/common/mime.o: $(B)/mime_types.inc

$(B)/t/%: t/unit/%.c t/unit/tap.h $(B)/libpyked.a
	@mkdir -p $(@D)
	$(CC) $(ALLC) $(ALLL) -o $@ $< $(B)/libpyked.a $(LIBS)

$(B)/t/fuzz/%: t/fuzz/%.c t/fuzz/plain.c t/fuzz/fuzz.h t/unit/edge.h \
    $(B)/libpyked.a
	@mkdir -p $(@D)
	$(CC) $(ALLC) $(ALLL) -o $@ $< t/fuzz/plain.c $(B)/libpyked.a $(LIBS)

# Makes memory and other things short, for t/93-scarce.t.
$(B)/t/scarce.so: t/lib/scarce.c
	@mkdir -p $(@D)
	$(CC) $(ALLC) -U_FORTIFY_SOURCE -fPIC -shared -o $@ $<

# Speaks TLS for t/fuzz/differential.
$(B)/t/relay: t/fuzz/relay.c
	@mkdir -p $(@D)
	$(CC) $(ALLC) $(ALLL) -o $@ $< $(LIBS)

www/cgi-bin/hello: www/cgi-bin/src/hello.c
	$(CC) -std=c11 -D_GNU_SOURCE $(WARN) $(WERROR) $(OPT) -o $@ $<

-include $(wildcard $(B)/*/*.d $(B)/*/*/*.d)

# A build to step through: no optimisation, asserts on headers.
debug:
	$(MAKE) B=build/debug PROGRAM=build/debug/pyked OPT="-O0 -DPYKED_DEBUG" \
	    HARDEN=-fPIE HARDENL=-pie all

SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	  -fno-omit-frame-pointer
ASAN	= B=build/asan PROGRAM=build/asan/pyked OPT="-O1 -DPYKED_DEBUG" \
	  HARDEN="-fPIE $(SANITIZE)" HARDENL="-pie"
asan:
	$(MAKE) $(ASAN) all

# --- running ---

PACKAGES_RUN  = gcc libc6-dev libcrypt-dev libbsd-dev libssl-dev zlib1g-dev \
	  openssl
PACKAGES_TEST = $(PACKAGES_RUN) perl curl apache2-utils wrk valgrind procps \
	  iproute2 logrotate mandoc strace wget aria2 nghttp2-client \
	  libnet-ssleay-perl haproxy
PACKAGES_CLIENTS = $(PACKAGES_TEST) python3 nodejs golang-go chromium
# Programs that are run as scripts; tests of those that cannot be had are
# skipped.
PACKAGES_PROGRAMS = git php-cgi python3 libcgi-pm-perl cgit
PACKAGES_LINT = $(PACKAGES_TEST) clang cppcheck
PACKAGES_BENCH = $(PACKAGES_TEST) nginx-light lighttpd lighttpd-mod-openssl h2o \
		 apache2

run:
	@t/lib/install-packages $(PACKAGES_RUN)
	@$(MAKE) --no-print-directory all cert
	@t/lib/run-here ./pyked conf/dev.conf

# A certificate for 127.0.0.1 and localhost that lives as long as build/ does.
cert: build/dev/cert.pem
build/dev/cert.pem:
	@mkdir -p $(@D)
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
	    -nodes -days 365 -subj /CN=localhost \
	    -addext subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1 \
	    -keyout build/dev/key.pem -out $@ 2>/dev/null
	@chmod 600 build/dev/key.pem

# --- tests ---

JOBS	= 4
PROVE	= prove -j$(JOBS) -Ilib -It/lib

test:
	@t/lib/install-packages $(PACKAGES_TEST)
	@t/lib/install-packages $(PACKAGES_PROGRAMS) || \
	    echo "tests of programs that are not here are skipped"
	@$(MAKE) --no-print-directory all cert unit check-arrows
	$(PROVE) $(TESTS) $(sort $(wildcard t/*.t))

unit: $(TESTS) $(B)/t/relay $(B)/t/scarce.so

check-unit: unit
	$(PROVE) $(TESTS)

check-sys: all cert
	$(PROVE) $(sort $(wildcard t/*.t))

# What takes minutes: sizes and times that a test has no patience for.
soak: all cert
	@t/lib/install-packages $(PACKAGES_TEST) $(PACKAGES_PROGRAMS)
	prove -v -It/lib $(sort $(wildcard t/soak/*.t))

# Everything again under AddressSanitizer and UndefinedBehaviorSanitizer.
check-asan:
	@t/lib/install-packages $(PACKAGES_TEST)
	@$(MAKE) --no-print-directory $(ASAN) all unit
	@$(MAKE) --no-print-directory cert
	PYKED=$(CURDIR)/build/asan/pyked $(PROVE) $(UNIT:%=build/asan/t/%) \
	    $(FUZZ:%=build/asan/t/fuzz/%) $(sort $(wildcard t/*.t))

# The browser and the languages' own clients are large: only here are they
# installed for it.
check-clients:
	@t/lib/install-packages $(PACKAGES_CLIENTS)
	@$(MAKE) --no-print-directory all
	$(PROVE) -v t/97-clients.t

# The lines of worker/http and worker/serve that the tests run.
coverage:
	@t/lib/install-packages $(PACKAGES_TEST)
	t/lib/coverage

# Looks for inputs that break a promise: libFuzzer for the parsers, and beside
# it requests over sockets to a server under the sanitizers.
FUZZ_SECONDS = 3600
FUZZING	= $(SANITIZE) -fsanitize=fuzzer-no-link
fuzz:
	@t/lib/install-packages $(PACKAGES_LINT)
	@$(MAKE) --no-print-directory $(ASAN) all build/asan/t/relay
	@$(MAKE) --no-print-directory CC=clang B=build/fuzz \
	    OPT="-O1 -DPYKED_DEBUG" HARDEN="-fPIE $(FUZZING)" HARDENL=-pie \
	    $(FUZZ:%=build/fuzz/fuzzer/%)
	t/fuzz/run $(FUZZ_SECONDS) $(FUZZ)

$(B)/fuzzer/%: t/fuzz/%.c t/fuzz/fuzz.h t/unit/edge.h $(B)/libpyked.a
	@mkdir -p $(@D)
	$(CC) $(ALLC) $(ALLL) -DPYKED_LIBFUZZER -fsanitize=fuzzer -o $@ $< \
	    $(B)/libpyked.a $(LIBS)

check-arrows:
	@t/lib/check-arrows

lint: check-arrows
	@t/lib/install-packages $(PACKAGES_LINT)
	@t/lib/check-style
	cppcheck --quiet --std=c11 --enable=warning,performance,portability \
	    --inline-suppr --error-exitcode=1 --suppress=missingIncludeSystem \
	    -D_GNU_SOURCE -I. common master worker
	$(MAKE) --no-print-directory CC=clang WERROR=-Werror B=build/clang \
	    PROGRAM=build/clang/pyked all

SCEN	= small,pipeline,many,ab,100k,10m,idle,tls,tls-new,tls-10m,cgi,two
PEERS	= nginx,lighttpd,h2o,apache,floor
R	= 3
bench:
	@t/lib/install-packages $(PACKAGES_BENCH)
	@$(MAKE) --no-print-directory all build/bench/floor \
	    build/bench/floor-cgi
	t/bench/bench --scenarios $(SCEN) --peers $(PEERS) --rounds $(R) \
	    --markdown build/bench/table.md --svg build/bench/chart.svg

# What no table beside peers shows: idle connections, start-up, reload, memory.
ONLY	= start,rest,wake,idle,late,reload,parse
bench-alone:
	@t/lib/install-packages $(PACKAGES_BENCH)
	@$(MAKE) --no-print-directory all build/bench/pulse build/bench/parse
	t/bench/alone --only $(ONLY) --markdown build/bench/alone.md

# Puts what the two have measured into the README.
bench-readme:
	cp build/bench/chart.svg t/bench/chart.svg
	for t in table alone; do [ ! -e build/bench/$$t.md ] || \
	    sed -i -e "/^<!-- $$t -->/,/^<!-- end of $$t -->/{//!d}" \
	    -e "/^<!-- $$t -->/r build/bench/$$t.md" README.md; done

build/bench/parse: t/bench/parse.c build/release/libpyked.a
	@mkdir -p $(@D)
	$(CC) $(ALLC) $(ALLL) -o $@ $^ $(LIBS)

build/bench/%: t/bench/%.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE $(WARN) $(WERROR) $(OPT) -o $@ $<

# --- installing ---

PREFIX	= /usr/local
SYSCONFDIR = /etc
FILES	= DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" SYSCONFDIR="$(SYSCONFDIR)" \
	  t/lib/install-files

# With DESTDIR, nothing outside of it is touched.
install:
	@[ -n "$(DESTDIR)" ] || [ "$$(id -u)" -ne 0 ] || \
	    t/lib/install-packages $(PACKAGES_RUN)
	@$(MAKE) --no-print-directory all
	@$(FILES) put $(PROGRAM)

uninstall:
	@$(FILES) take

# The files that git knows, as they are here, with the last commit's time. The
# same bytes every time: no order, owner, mask or clock of this machine.
DIST	= pyked-$(VERSION)
GIT	= git -c safe.directory="$(CURDIR)"
dist:
	@mkdir -p build
	@$(GIT) rev-parse --show-toplevel >/dev/null 2>&1 || { echo "make" \
	    "dist needs the git checkout: what is in it is what is packed"; \
	    exit 1; }
	@$(GIT) ls-files -z | LC_ALL=C sort -z | tar --create --null \
	    --no-recursion --format=ustar --transform='s,^,$(DIST)/,S' \
	    --owner=root:0 --group=root:0 --mode=u=rwX,go=rX \
	    --mtime=@"$$($(GIT) log -1 --format=%ct)" \
	    --file=build/$(DIST).tar --files-from=-
	@gzip -9nf build/$(DIST).tar
	@echo build/$(DIST).tar.gz

clean:
	rm -rf build pyked $(SAMPLES)

help:
	@sed -n 's/^#: //p' Makefile

#: make run           install what is missing, build, serve www/ on 8080 and 8443
#: make test          install what is missing, build, run all tests
#: make               build ./pyked and the sample programs
#: make debug         build/debug/pyked, without optimisation
#: make check-unit    the C unit tests alone
#: make check-sys     the system tests alone
#: make check-asan    all tests under AddressSanitizer and UBSan
#: make check-clients  with curl, wget, aria2, node, Go, Python, a browser
#: make soak          what takes minutes: a GiB through a script, 10^7 requests
#: make check-arrows  includes go one way only
#: make lint          style, static analysis, a build with clang
#: make coverage      which lines of worker/http and worker/serve are tested
#: make fuzz          an hour of fuzzing (FUZZ_SECONDS=3600)
#: make bench         against nginx, lighttpd, h2o, Apache (SCEN= PEERS= R=3)
#: make bench-alone   idle connections, start-up, reload, memory (ONLY=)
#: make bench-readme  puts what both have measured into README.md
#: make cert          the test certificate that make run uses
#: make install       for good, below PREFIX (/usr/local); see README.md
#: make uninstall     takes it away again, but for what you changed
#: make dist          build/pyked-VERSION.tar.gz, the same bytes every time
#: make clean         remove all that was built

.PHONY: all debug asan run cert test unit check-unit check-sys check-asan \
	check-arrows check-clients lint coverage fuzz soak bench \
	bench-alone bench-readme install uninstall dist clean help
