/*
 * Damaged configurations: whatever a file holds, loading it ends well.
 *
 * The sample and a file with every directive, cut off after each byte, and
 * with each byte replaced. There is nothing to compare with: a crash, a leak
 * (under a sanitizer) or a mistake without a message is the failure.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "t/unit/conf_load.h"

static const char rich[] =
    "user nobody\nworkers 3\npidfile p\ndrain 5s\nsandbox off\nspool s 5m\n"
    "limits { connections 9; header 8k 5s\n body 1m 5s\n keepalive 5s 9 }\n"
    "log {\n access off\n error \"e r\" warn\n}\n"
    "types { a/b c d }\ntls { protocols 1.3; ciphers A:B }\n"
    "let r /srv\nroot $r/x\nindex a \\\n b\n"
    "server a.org *.b.org {\n listen 80\n listen [::1]:443 tls backlog 9\n"
    " certificate c \"k\"\n env A $r\n"
    " location /x/ { cgi dir d; cgi-limits { timeout 1s 2s\n kill 0s 1s;"
    " processes 1 queue 2 3s } }\n"
    " location = /y { root \"\\$\\\\$$\" }\n"
    " location *.z { cgi with i } # comment\n}\n"
    "server * { listen *:80; max-body 0 }\n";

static unsigned silent, loaded, refused, lost;
static int fd;			/* a file in memory alone, for speed */
static char name[32];

static void
try_bytes(const char *text, size_t n)
{
	struct conf *conf;

	conf_errors_free(&errors);
	if (ftruncate(fd, (off_t)n) == -1 ||
	    pwrite(fd, text, n, 0) != (ssize_t)n) {
		printf("Bail out! cannot write %s\n", name);
		exit(1);
	}
	conf = conf_load(name, &errors);
	if (conf != NULL)
		loaded++;
	else
		refused++;
	if ((conf != NULL) != (errors.n == 0) ||
	    (conf == NULL) != (buf_len(&errors.text) > 0))
		silent++;
	conf_free(conf);
	/* Whatever is wrong, a server that runs can be looked for. */
	conf = conf_load_anyhow(name);
	if (conf == NULL || conf->pidfile == NULL || conf->control == NULL)
		lost++;
	conf_free(conf);
}

/* Cuts text after every step bytes, changes a bit there, and puts some of the
 * bytes that mean something there, in turn. */
static void
damage(const char *text, size_t n, size_t step, size_t some)
{
	static const char bytes[] = "{}\"\\$#;\n\0\x1b\xff ";
	char copy[16384];
	size_t i, k, next = 0;

	memcpy(copy, text, n);
	for (i = 0; i < n; i += step) {
		try_bytes(copy, i);
		for (k = 0; k < some; k++) {
			copy[i] = bytes[next++ % (sizeof(bytes) - 1)];
			try_bytes(copy, n);
		}
		copy[i] = (char)(text[i] ^ 1);
		try_bytes(copy, n);
		copy[i] = text[i];
	}
}

static size_t
read_sample(char *text, size_t size)
{
	FILE *f = fopen("conf/pyked.conf", "r");
	size_t n = f == NULL ? 0 : fread(text, 1, size, f);

	if (f == NULL || fclose(f) != 0 || n == 0 || n == size) {
		printf("Bail out! run it where conf/pyked.conf is\n");
		exit(1);
	}
	return n;
}

/* Every directive of the sample, without its "#". */
static size_t
uncomment(char *text, size_t n)
{
	char *from = text, *to = text, *end = text + n;

	while (from < end) {
		char *line = from, *next = memchr(from, '\n',
		    (size_t)(end - from));

		next = next == NULL ? end : next + 1;
		while (from < next && (*from == ' ' || *from == '\t'))
			from++;
		if (from + 1 < next && *from == '#' && from[1] >= 'a' &&
		    from[1] <= 'z')
			from++;
		else
			from = line;
		memmove(to, from, (size_t)(next - from));
		to += next - from;
		from = next;
	}
	return (size_t)(to - text);
}

int
main(void)
{
	char sample[16384];
	size_t n = read_sample(sample, sizeof(sample));
	struct conf *conf = conf_load("conf/pyked.conf", &errors);

	ok(conf != NULL && errors.n == 0, "the sample loads as it stands");
	conf_free(conf);
	conf = conf_load("conf/dev.conf", &errors);
	ok(conf != NULL && errors.n == 0, "the one of make run does");
	conf_free(conf);
	fd = memfd_create("pyked.conf", MFD_CLOEXEC);
	(void)snprintf(name, sizeof(name), "/dev/fd/%d", fd);
	try_bytes(rich, sizeof(rich) - 1);
	ok(loaded == 1, "the rich one loads: %s", said());
	damage(sample, n, 1, 0);
	ok(silent == 0, "the sample, damaged: %u loaded, %u refused", loaded,
	    refused);
	n = uncomment(sample, n);
	damage(sample, n, 7, 1);
	ok(silent == 0, "the same without #: %u loaded, %u refused", loaded,
	    refused);
	damage(rich, sizeof(rich) - 1, 1, 5);
	ok(silent == 0, "the rich one: %u loaded, %u refused", loaded,
	    refused);
	ok(lost == 0, "each of them has a pid file and a control socket");
	conf_errors_free(&errors);
	(void)close(fd);
	return done_testing();
}
