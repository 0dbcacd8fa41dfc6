/* One log and a reader that comes, goes and does not read: wherever a line is
 * cut, the next one begins a line. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/sig.h"
#include "master/logfile.h"
#include "t/unit/tap.h"

#define PIPE_BYTES	65536

static char folder[] = "/tmp/pyked-logfile-XXXXXX";
static char path[64];
static struct buf seen;
static struct logfile file;

static int
open_reader(void)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1)
		abort();
	return fd;
}

static void
setup(void)
{
	struct conf_logfile conf = { .kind = CONF_LOG_FILE, .path = path };
	struct conf_errors errors = { .n = 0 };

	(void)unlink(path);
	file.name = "access";
	if (mkfifo(path, 0600) == -1 ||
	    logfile_open(&file, &conf, -1, &errors) == -1)
		abort();
}

static void
teardown(int reader)
{
	logfile_close(&file);
	(void)close(reader);
	buf_free(&seen);
}

/* Adds what there is to seen. */
static void
read_all(int fd)
{
	ssize_t n;

	while (buf_reserve(&seen, PIPE_BYTES) == 0 &&
	    (n = read(fd, buf_tail(&seen), buf_room(&seen))) > 0)
		buf_added(&seen, (size_t)n);
}

/* How many lines of seen are not line. */
static unsigned
others(const char *line)
{
	size_t len = strlen(line), n;
	const char *p = buf_head(&seen), *end = p + buf_len(&seen), *newline;
	unsigned count = 0;

	for (; p < end; p += n) {
		newline = memchr(p, '\n', (size_t)(end - p));
		n = newline == NULL ? (size_t)(end - p) :
		    (size_t)(newline - p) + 1;
		count += n != len || memcmp(p, line, n) != 0;
	}
	return count;
}

static bool
ends_with(const char *text)
{
	return str_ends(buf_str(&seen), str_from(text));
}

/* Many times the same line, more than a pipe holds, in one piece. */
static void
fill(const char *line)
{
	struct buf lines = { .p = NULL };

	while (buf_len(&lines) < PIPE_BYTES + 4096)
		(void)buf_puts(&lines, line);
	logfile_put(&file, buf_head(&lines), buf_len(&lines));
	buf_free(&lines);
}

/* Longer than anybody waits. */
static void
lose_patience(void)
{
	file.failing = mono_add_ms(file.failing, -2000);
	logfile_flush(&file);
}

/* The cut may be anywhere: what is left may be the first bytes of a line, and
 * no line of it stands alone. */
static void
test_cut_anywhere(void)
{
	char line[64];
	unsigned len, i, bad = 0;
	int reader;

	for (len = 2; len < sizeof(line) - 1; len++) {
		for (i = 0; i + 1 < len; i++)
			line[i] = (char)('0' + i);
		memcpy(line + len - 1, "\n", 2);
		setup();
		fill(line);
		lose_patience();
		reader = open_reader();
		read_all(reader);
		logfile_put(&file, line, len);
		read_all(reader);
		bad += others(line) != (PIPE_BYTES % len != 0) ||
		    !ends_with(line);
		teardown(reader);
	}
	ok(bad == 0, "wherever a line is cut, it is the only one");
}

/* The line after a cut one is kept for a while, and begins a line then. */
static void
test_next_reader(void)
{
	int reader;

	setup();
	reader = open_reader();
	/* With a reader there it is opened for writing alone. */
	(void)close(file.fd);
	file.fd = open(path, O_WRONLY | O_NONBLOCK | O_APPEND | O_CLOEXEC);
	fill("a line that is cut\n");
	(void)close(reader);
	logfile_flush(&file);
	ok(buf_len(&file.rest) == 0 && file.error == EPIPE,
	    "a reader that ends takes a line with it");
	reader = open_reader();
	logfile_put(&file, "whole\n", 6);
	ok(buf_len(&file.rest) > 0, "the next one is slow as well");
	read_all(reader);
	logfile_flush(&file);
	read_all(reader);
	ok(ends_with("\nwhole\n"), "a line that was kept begins a line");
	teardown(reader);
}

/* The end of a line does not go into another file than its beginning. */
static void
test_reopen(void)
{
	static const char line[] = "a line of no common length\n";
	char old[80];
	int reader;

	setup();
	fill(line);
	(void)snprintf(old, sizeof(old), "%s.1", path);
	(void)rename(path, old);
	if (mkfifo(path, 0600) == -1 || logfile_reopen(&file) == -1)
		abort();
	reader = open_reader();
	read_all(reader);
	ok(buf_len(&seen) > 0 && others(line) == 0,
	    "a log that is opened anew begins with a line");
	ok(file.lost == 1, "the one that was cut is counted");
	teardown(reader);
	(void)unlink(old);
}

int
main(void)
{
	sig_reset();
	(void)signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(folder) == NULL)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/fifo", folder);
	clock_update();
	test_cut_anywhere();
	test_next_reader();
	test_reopen();
	(void)unlink(path);
	ok(rmdir(folder) == 0, "nothing is left behind");
	return done_testing();
}
