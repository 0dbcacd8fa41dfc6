/*
 * scarce: makes memory, and what else a system gives, short in one process,
 * for a test.
 *
 * Loaded before a program (LD_PRELOAD) with a file named in SCARCE_FILE, which
 * holds three numbers: the process id that is to suffer, n, and m. While n is
 * not 0 every n-th allocation of that process fails; while m is not 0 every
 * m-th of the calls at the end of this file does, there and in its children
 * until they become another program, each time for another reason.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* glibc's own names. */
void	*__libc_malloc(size_t n);
void	*__libc_calloc(size_t n, size_t size);
void	*__libc_realloc(void *p, size_t n);

struct order {
	uint32_t pid;
	uint32_t allocations;
	uint32_t calls;
};

static const volatile struct order *order;
static unsigned allocations, calls;

/* The next definition of a function: glibc's. */
#define REAL(name)	((__typeof__(&name))dlsym(RTLD_NEXT, #name))

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

/* --- memory --- */

static bool
is_short(void)
{
	if (order == NULL || order->allocations == 0 ||
	    order->pid != (uint32_t)getpid() ||
	    ++allocations % order->allocations != 0)
		return false;
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t n)
{
	return is_short() ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return is_short() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return is_short() ? NULL : __libc_realloc(p, n);
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

/* --- calls --- */

static bool
fails(void)
{
	static const int reasons[] = { EMFILE, ENOMEM, EIO, ENOSPC, EACCES,
	    ENOENT, EPERM };

	if (order == NULL || order->calls == 0 ||
	    (order->pid != (uint32_t)getpid() &&
	    order->pid != (uint32_t)getppid()) ||
	    ++calls % order->calls != 0)
		return false;
	errno = reasons[calls / order->calls %
	    (sizeof(reasons) / sizeof(reasons[0]))];
	return true;
}

#define FAILING(type, bad, name, parameters, arguments)			\
	type								\
	name parameters							\
	{								\
		return fails() ? bad : REAL(name)arguments;		\
	}

FAILING(int, -1, dup2, (int from, int to), (from, to))
FAILING(int, -1, faccessat, (int dir, const char *path, int mode, int flags),
    (dir, path, mode, flags))
FAILING(int, -1, fchdir, (int fd), (fd))
FAILING(DIR *, NULL, fdopendir, (int fd), (fd))
FAILING(int, -1, fstat, (int fd, struct stat *st), (fd, st))
FAILING(int, -1, fstatat, (int dir, const char *restrict path,
    struct stat *restrict st, int flags), (dir, path, st, flags))
FAILING(off_t, -1, lseek, (int fd, off_t off, int whence), (fd, off, whence))
FAILING(int, -1, pipe2, (int fds[2], int flags), (fds, flags))
FAILING(ssize_t, -1, pread, (int fd, void *p, size_t n, off_t off),
    (fd, p, n, off))
FAILING(ssize_t, -1, readlinkat, (int dir, const char *restrict path,
    char *restrict p, size_t n), (dir, path, p, n))
FAILING(ssize_t, -1, sendfile, (int to, int from, off_t *off, size_t n),
    (to, from, off, n))
FAILING(int, -1, setrlimit, (__rlimit_resource_t what,
    const struct rlimit *limit), (what, limit))
FAILING(pid_t, -1, setsid, (void), ())
FAILING(int, -1, socketpair, (int domain, int type, int protocol, int fds[2]),
    (domain, type, protocol, fds))
FAILING(ssize_t, -1, write, (int fd, const void *p, size_t n), (fd, p, n))
FAILING(ssize_t, -1, writev, (int fd, const struct iovec *v, int n),
    (fd, v, n))

int
openat(int dir, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return fails() ? -1 : REAL(openat)(dir, path, flags, mode);
}

int
prctl(int option, ...)
{
	va_list ap;
	unsigned long value;

	va_start(ap, option);
	value = va_arg(ap, unsigned long);
	va_end(ap);
	return fails() ? -1 : REAL(prctl)(option, value, 0, 0, 0);
}

/* For what glibc has no name of. */
long
syscall(long number, ...)
{
	long v[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		v[i] = va_arg(ap, long);
	va_end(ap);
	return fails() ? -1 : REAL(syscall)(number, v[0], v[1], v[2], v[3],
	    v[4], v[5]);
}
