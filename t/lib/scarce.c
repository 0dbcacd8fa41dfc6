/*
 * scarce: makes memory short in one process, for a test.
 *
 * Loaded before a program (LD_PRELOAD) with a file named in SCARCE_FILE, which
 * holds two numbers: the process id that is to suffer, and n. While n is not 0
 * every n-th allocation of that process fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* glibc's own names. */
void	*__libc_malloc(size_t n);
void	*__libc_calloc(size_t n, size_t size);
void	*__libc_realloc(void *p, size_t n);

struct order {
	uint32_t pid;
	uint32_t every;
};

static const volatile struct order *order;
static unsigned count;

__attribute__((constructor)) static void
take_order(void)
{
	const char *name = getenv("SCARCE_FILE");
	int fd = name == NULL ? -1 : open(name, O_RDONLY | O_CLOEXEC);
	void *p;

	if (fd == -1)
		return;
	p = mmap(NULL, sizeof(*order), PROT_READ, MAP_SHARED, fd, 0);
	order = p == MAP_FAILED ? NULL : p;
	(void)close(fd);
}

static bool
fails(void)
{
	if (order == NULL || order->every == 0 ||
	    order->pid != (uint32_t)getpid() || ++count % order->every != 0)
		return false;
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t n)
{
	return fails() ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return fails() ? NULL : __libc_realloc(p, n);
}

void *
reallocarray(void *p, size_t n, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(n, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, all);
}
