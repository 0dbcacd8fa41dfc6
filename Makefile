# pyked: a web server. "make run" serves www/, "make test" tests everything,
# "make help" lists the rest. The source lists below are the map.

VERSION	= 0.1

# common/: usable by master and worker
COMMON	= str buf arena clock log sig net proc fdset mime tlsctx \
	  shm scoreboard ring tally unixsock
CONF	= conf_file conf_lex conf_parse conf_include conf_schema \
	  conf_schema_main conf_schema_site conf_schema_cgi conf_nearest \
	  conf_value conf_build conf_build_main conf_build_site \
	  conf_build_names conf_build_listen conf_build_cgi conf_check \
	  conf_open conf_dump conf_dump_site conf_help conf_error
# master/: everything privileged
MASTER	= cli config daemon priv master channel listen spawn generation \
	  reap autopsy watchdog reload logs logfile logwriter \
	  arguments path words trial ask ending control status notify pidfile holder
# worker/: one process serving connections
WORKER	= worker loop timeout ledger accept conn conn_io conn_wait \
	  transport_plain transport_tls http1 http1_body http1_head \
	  http1_reply http1_queue accesslog score orphan trial
# worker/http/: messages, no I/O
HTTP	= parse fields framing target chunk uri date cond status body request
# worker/serve/: what answers
SERVE	= serve route static beneath error cgi cgi_find cgi_env cgi_body cgi_launch \
	  cgi_feed cgi_fields cgi_head listing listing_page html style \
	  cgi_explain cgi_fence cgi_log cgi_time cgi_trial cgi_verdict \
	  cgi_spawn cgi_script cgi_session cgi_output cgi_reply cgi_stderr

# What the unit tests in t/unit are made of: everything but main().
LIB	= $(COMMON:%=common/%) $(CONF:%=common/%) $(MASTER:%=master/%) $(WORKER:%=worker/%) \
	  $(HTTP:%=worker/http/%) $(SERVE:%=worker/serve/%)
UNIT	= $(patsubst t/unit/%.c,%,$(wildcard t/unit/*_test.c))
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
	  $(OPT) -g -ffile-prefix-map=$(CURDIR)=. $(HARDEN) $(CFLAGS)
ALLL	= $(HARDENL) $(LDFLAGS)
LIBS	= -lssl -lcrypto -lbsd

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
WITH_CONF = $(B)/master/cli.o $(B)/master/arguments.o
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

PACKAGES_RUN  = gcc libc6-dev libbsd-dev libssl-dev openssl
PACKAGES_TEST = $(PACKAGES_RUN) perl curl apache2-utils wrk valgrind procps \
	  iproute2 logrotate mandoc
PACKAGES_LINT = $(PACKAGES_TEST) clang cppcheck
PACKAGES_BENCH = $(PACKAGES_TEST) nginx-light lighttpd

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
	@$(MAKE) --no-print-directory all cert unit check-arrows
	$(PROVE) $(UNIT:%=$(B)/t/%) $(sort $(wildcard t/*.t))

unit: $(UNIT:%=$(B)/t/%)

check-unit: unit
	$(PROVE) $(UNIT:%=$(B)/t/%)

check-sys: all cert
	$(PROVE) $(sort $(wildcard t/*.t))

# Everything again under AddressSanitizer and UndefinedBehaviorSanitizer.
check-asan:
	@t/lib/install-packages $(PACKAGES_TEST)
	@$(MAKE) --no-print-directory $(ASAN) all unit
	@$(MAKE) --no-print-directory cert
	PYKED=$(CURDIR)/build/asan/pyked $(PROVE) $(UNIT:%=build/asan/t/%) \
	    $(sort $(wildcard t/*.t))

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

SCEN	= small,ab,idle
PEERS	= nginx,lighttpd
R	= 3
bench:
	@t/lib/install-packages $(PACKAGES_BENCH)
	@$(MAKE) --no-print-directory all cert
	t/bench/bench --scenarios $(SCEN) --peers $(PEERS) --rounds $(R)

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
#: make check-arrows  includes go one way only
#: make lint          style, static analysis, a build with clang
#: make bench         against nginx and lighttpd (SCEN=small,ab,idle PEERS= R=3)
#: make cert          the test certificate that make run uses
#: make install       for good, below PREFIX (/usr/local); see README.md
#: make uninstall     takes it away again, but for what you changed
#: make dist          build/pyked-VERSION.tar.gz, the same bytes every time
#: make clean         remove all that was built

.PHONY: all debug asan run cert test unit check-unit check-sys check-asan \
	check-arrows lint bench install uninstall dist clean help
