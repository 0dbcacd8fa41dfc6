/*
 * Keys of session tickets: those that a master makes up and replaces, also as
 * another process sees them, and those of a file.
 */
#include "common/tickets.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "common/log.h"
#include "t/unit/conf_load.h"

static char logged[4096];

static void
keep_line(const char *line, size_t n)
{
	(void)snprintf(logged, sizeof(logged), "%.*s", (int)n, line);
}

static bool
same(const struct ticket_key *a, const struct ticket_key *b)
{
	return a->size == b->size && a->size == 32 &&
	    memcmp(a->name, b->name, 16) == 0 &&
	    memcmp(a->mac, b->mac, 32) == 0 &&
	    memcmp(a->cipher, b->cipher, 32) == 0;
}

static bool
differ(const struct ticket_key *a, const struct ticket_key *b)
{
	return memcmp(a->name, b->name, 16) != 0 &&
	    memcmp(a->mac, b->mac, 32) != 0 &&
	    memcmp(a->cipher, b->cipher, 32) != 0;
}

static void
test_rotate(void)
{
	struct ticket_key first[2], now[2], last[2];
	struct tickets *t = tickets_open();
	int i, good = 0;

	ok(t != NULL && tickets_get(t, first) == 1, "one key at the start");
	ok(tickets_rotate(t) == 0 && tickets_get(t, now) == 2 &&
	    differ(&now[0], &first[0]) && same(&now[1], &first[0]),
	    "a new one, and the first for old tickets");
	for (i = 0; i < 10; i++) {
		memcpy(last, now, sizeof(last));
		good += tickets_rotate(t) == 0 && tickets_get(t, now) == 2 &&
		    same(&now[1], &last[0]) && differ(&now[0], &last[0]) &&
		    differ(&now[0], &last[1]);
	}
	ok(good == 10, "the one before that is gone");
	ok(memmem(t, 4096, first[0].mac, 32) == NULL &&
	    memmem(t, 4096, first[0].cipher, 32) == NULL &&
	    memmem(t, 4096, now[1].cipher, 32) != NULL, "and wiped");
	tickets_close(t);
	tickets_close(NULL);
}

/* A process that was forked: a key is always the same, as long as it is there
 * at all. 0 when it has seen enough of them. */
static int
watch(const struct tickets *t)
{
	struct ticket_key now[2], last;
	int changes = 0;

	(void)tickets_get(t, now);
	while (changes < 2000) {
		last = now[0];
		if (tickets_get(t, now) != 2)
			return 1;
		if (memcmp(now[0].name, last.name, 16) == 0) {
			if (!same(&now[0], &last))
				return 2;
			continue;
		}
		changes++;
		if (memcmp(now[1].name, last.name, 16) == 0 &&
		    !same(&now[1], &last))
			return 3;
	}
	return 0;
}

static void
test_shared(void)
{
	struct tickets *t = tickets_open();
	time_t end = time(NULL) + 60;
	int status = -1;
	pid_t pid;

	(void)tickets_rotate(t);
	pid = fork();
	if (pid == 0) {
		tickets_protect(t);
		_exit(watch(t));
	}
	while (waitpid(pid, &status, WNOHANG) == 0 && time(NULL) < end)
		(void)tickets_rotate(t);
	ok(status == 0, "another process sees whole keys, and new ones");
	pid = fork();
	if (pid == 0) {
		/* A sanitizer would make an exit of it. */
		(void)signal(SIGSEGV, SIG_DFL);
		tickets_protect(t);
		(void)tickets_rotate(t);
		_exit(0);
	}
	ok(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status),
	    "it cannot write there");
	tickets_close(t);
}

/* --- of a file --- */

static const char tls[] = "tls { tickets file keys }\n";

/* Loads n bytes, each its own number, as the file of keys. */
static struct conf *
load_keys(size_t n, int *result)
{
	char bytes[1000];
	struct conf *conf;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	write_bytes("keys", bytes, n);
	(void)chmod("keys", 0600);
	logged[0] = '\0';
	conf = must_load(tls);
	*result = tickets_load(conf, &errors);
	return conf;
}

static void
refuses(size_t n)
{
	int result;
	struct conf *conf = load_keys(n, &result);

	ok(result == -1 && errors.n == 1 && conf->tickets.keys.n == 0 &&
	    strstr(said(), "there are no ticket keys in") != NULL &&
	    strstr(said(), "openssl rand -out FILE 80") != NULL,
	    "%zu bytes are no keys", n);
	conf_free(conf);
}

static bool
begins(const unsigned char *p, int first)
{
	return p[0] == (first & 0xff) && p[1] == ((first + 1) & 0xff);
}

static void
test_file(void)
{
	int result;
	struct conf *conf = load_keys(48, &result);
	const struct ticket_key *k = conf->tickets.keys.key;

	ok(result == 0 && conf->tickets.keys.n == 1 && k->size == 16 &&
	    begins(k->name, 0) && begins(k->cipher, 16) && begins(k->mac, 32),
	    "48 bytes");
	conf_free(conf);
	conf = load_keys(80, &result);
	k = conf->tickets.keys.key;
	ok(result == 0 && conf->tickets.keys.n == 1 && k->size == 32 &&
	    begins(k->name, 0) && begins(k->mac, 16) && begins(k->cipher, 48),
	    "80 bytes");
	ok(logged[0] == '\0', "nothing to warn of");
	conf_free(conf);
	conf = load_keys(640, &result);
	k = &conf->tickets.keys.key[7];
	ok(result == 0 && conf->tickets.keys.n == 8 && k->size == 32 &&
	    begins(k->name, 560), "eight times 80 bytes");
	(void)chmod("keys", 0640);
	ok(tickets_load(conf, &errors) == 0 && strstr(logged, "others may "
	    "read the ticket keys") != NULL, "a file for everybody");
	conf_free(conf);
	for (size_t i = 0; i < 4; i++)
		refuses((size_t[]){ 0, 47, 96, 720 }[i]);
	(void)unlink("keys");
	conf = must_load(tls);
	ok(tickets_load(conf, &errors) == -1 && strstr(said(),
	    "pyked.conf:1:20: cannot read the ticket keys") != NULL,
	    "no file");
	conf_free(conf);
}

/* --- the directive --- */

/* What text says, after it was dumped and read again. */
static const struct conf_tickets *
survives(const char *text)
{
	static struct conf_tickets result;
	struct conf *c = must_load(text);
	struct buf dump = { 0 };

	(void)conf_dump(c, &dump);
	(void)buf_put(&dump, "", 1);
	conf_free(c);
	c = must_load(buf_head(&dump));
	result = c->tickets;
	conf_free(c);
	buf_free(&dump);
	return &result;
}

static void
test_directive(void)
{
	struct conf *c = must_load("");

	ok(c->tickets.kind == CONF_TICKETS_ROTATE &&
	    c->tickets.rotate_ms == 8 * 3600 * 1000, "the default");
	conf_free(c);
	good("tls { tickets rotate 1s }");
	good("tls { tickets rotate 7d }");
	good("tls { tickets off }");
	bad("tls { tickets rotate 8 }", 1, "pyked.conf:1:22: \"8\" is not a "
	    "time\n    1 | tls { tickets rotate 8 }\n"
	    "      |                      ^ write a time like 8h\n");
	bad_part("tls { tickets rotate 999ms }", "rotate takes 1s to 7d");
	bad_part("tls { tickets rotate 8d }", "rotate takes 1s to 7d");
	bad_part("tls { tickets rotate }", "write: tickets rotate 8h");
	bad_part("tls { tickets off 8h }", "too many values");
	bad_part("tls { tickets file \"\" }", "an empty path");
	bad_part("tls { tickets on }", "rotate, file or off");
	bad_part("tickets off", "it belongs in: tls block");
	ok(survives("tls { tickets rotate 90m }")->rotate_ms == 5400000 &&
	    survives("tls { tickets off }")->kind == CONF_TICKETS_OFF &&
	    survives("tls { tickets file \"a b\" }")->kind ==
	    CONF_TICKETS_FILE, "dumped, and read again");
}

int
main(void)
{
	enter();
	log_set_sink(keep_line);
	test_rotate();
	test_shared();
	test_file();
	test_directive();
	leave();
	return done_testing();
}
