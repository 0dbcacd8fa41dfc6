/*
 * The last keeper of the logs.
 */
#include "worker/orphan.h"

#include <unistd.h>

#include "common/shm.h"

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

/* What cannot be written is lost: there is nobody left to keep it for. */
static void
flush(struct ring *ring, int fd)
{
	char lines[16384];
	bool broken;
	size_t n;

	while ((n = ring_peek(ring, lines, sizeof(lines), &broken)) > 0) {
		if (fd != -1) {
			ssize_t ignored = write(fd, lines, n);

			(void)ignored;
		}
		ring_consumed(ring, n);
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
