/*
 * The last keeper of the logs.
 */
#include "worker/orphan.h"

#include <errno.h>
#include <unistd.h>

#include "common/devlog.h"
#include "common/shm.h"

/* How soon a slow reader is offered more. */
#define RETRY_MS	10

static struct shm *rings;		/* borrowed */
static int log_fd[2] = { -1, -1 };	/* owned: error, access */
static bool alone;

void
orphan_open(struct shm *shm, int access_fd, int error_fd)
{
	rings = shm;
	log_fd[0] = error_fd;
	log_fd[1] = access_fd;
}

void
orphan_set_log(bool access, int fd)
{
	if (fd == -1)
		return;
	if (log_fd[access] != -1)
		(void)close(log_fd[access]);
	log_fd[access] = fd;
}

void
orphan_begin(void)
{
	rings->access.tail = rings->access.shared->tail;
	rings->errors.tail = rings->errors.shared->tail;
	alone = true;
}

static ssize_t
put_lines(int fd, const char *p, size_t n)
{
	if (fd == -1)
		return (ssize_t)n;
	return devlog_is(fd) ? devlog_send(fd, p, n) : write(fd, p, n);
}

/* What a slow reader does not take waits in the ring for the next turn; what
 * cannot be written is lost: there is nobody left to keep it for. */
static void
flush(struct ring *ring, int fd)
{
	char lines[16384];
	bool broken;
	ssize_t done;
	size_t n;

	while ((n = ring_peek(ring, lines, sizeof(lines), &broken)) > 0) {
		done = put_lines(fd, lines, n);
		if (done == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		ring_consumed(ring, done == -1 ? n : (size_t)done);
	}
}

void
orphan_flush(void)
{
	if (!alone)
		return;
	flush(&rings->errors, log_fd[0]);
	flush(&rings->access, log_fd[1]);
}

static bool
is_empty(const struct ring *ring)
{
	return atomic_load_explicit(&ring->shared->head,
	    memory_order_relaxed) == ring->tail;
}

bool
orphan_has_lines(void)
{
	return alone && !(is_empty(&rings->errors) &&
	    is_empty(&rings->access));
}

struct mono
orphan_next(struct mono until)
{
	struct mono next = mono_add_ms(clock_now(), RETRY_MS);

	return orphan_has_lines() && mono_before(next, until) ? next : until;
}
