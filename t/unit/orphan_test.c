/* A worker without a master and its logs: slow readers, full disks. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/shm.h"
#include "t/unit/tap.h"
#include "worker/orphan.h"

#define LINES	20000

static struct shm shm;

static void
put(struct ring *r, const char *line)
{
	(void)ring_put(r, line, strlen(line));
	ring_commit(r, ring_mark(r));
}

static void
fill(void)
{
	char line[32];
	int i;

	for (i = 0; i < LINES; i++) {
		(void)snprintf(line, sizeof(line), "line %d\n", i);
		put(&shm.access, line);
	}
}

/* Reads all that comes while the orphan writes; how many lines are right. */
static int
read_lines(int fd)
{
	char line[32], bytes[10000];
	size_t got = 0, i;
	ssize_t n;
	int right = 0;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
		for (i = 0; i < (size_t)n; i++) {
			if (bytes[i] != '\n') {
				if (got < sizeof(line) - 1)
					line[got++] = bytes[i];
				continue;
			}
			line[got] = '\0';
			got = 0;
			right += strncmp(line, "line ", 5) == 0 &&
			    atoi(line + 5) == right;
		}
		orphan_flush();
	}
	return right;
}

int
main(void)
{
	int ends[2], n;
	struct mono later;

	clock_update();
	if (shm_open_worker(&shm) == -1 ||
	    pipe2(ends, O_NONBLOCK | O_CLOEXEC) == -1)
		return 1;
	later = mono_add_ms(clock_now(), 1000);
	orphan_open(&shm, ends[1], open("/dev/full", O_WRONLY | O_CLOEXEC));
	fill();
	ok(!orphan_has_lines(), "while there is a master they are his");
	orphan_begin();
	put(&shm.errors, "an error\n");
	orphan_flush();
	ok(orphan_has_lines(), "a slow reader is waited for");
	ok(mono_before(orphan_next(later), later), "but not long");
	n = read_lines(ends[0]);
	ok(n == LINES, "all lines come, whole and in order: %d", n);
	ok(!orphan_has_lines(), "a full disk is not waited for");
	ok(!mono_before(orphan_next(later), later), "then there is no hurry");
	(void)close(ends[0]);
	shm_close(&shm);
	return done_testing();
}
