/*
 * Opening files beneath a directory: with the kernel's help, and without it,
 * as behind a filter that says "no such call" (as old kernels do).
 */
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "t/unit/tap.h"
#include "worker/serve/beneath.h"

static char top[] = "/tmp/pyked-beneath-XXXXXX";
static int dir;

static void
make_tree(void)
{
	int fd;

	if (mkdtemp(top) == NULL || chdir(top) == -1 ||
	    mkdir("root", 0755) == -1 || mkdir("root/sub", 0755) == -1 ||
	    mkdir("root/sub/deep", 0755) == -1)
		exit(1);
	fd = open("root/sub/file", O_WRONLY | O_CREAT, 0644);
	if (fd == -1 || write(fd, "inside", 6) != 6)
		exit(1);
	(void)close(fd);
	fd = open("secret", O_WRONLY | O_CREAT, 0644);
	if (fd == -1 || write(fd, "secret", 6) != 6)
		exit(1);
	(void)close(fd);
	if (symlink("../secret", "root/out") == -1 ||
	    symlink("/etc", "root/abs") == -1 ||
	    symlink("sub/file", "root/in") == -1 ||
	    symlink("sub", "root/dirlink") == -1 ||
	    symlink("loop", "root/loop") == -1 ||
	    mkfifo("root/fifo", 0644) == -1)
		exit(1);
	dir = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void
remove_tree(void)
{
	static const char *const names[] = { "root/sub/file", "root/sub/deep",
	    "root/sub", "root/out", "root/abs", "root/in", "root/dirlink",
	    "root/loop", "root/fifo", "root", "secret" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)remove(names[i]);
	if (chdir("/") == 0)
		(void)rmdir(top);
}

/* Is it opened, and is it a file with this in it (NULL: whatever it is)? */
static bool
opens(const char *path, int flags, const char *content)
{
	char got[16];
	ssize_t n;
	int fd;

	fd = beneath_open(dir, path, flags);
	if (fd == -1)
		return false;
	if ((fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0)
		ok(false, "%s is closed on exec", path);
	n = content == NULL ? 0 : read(fd, got, sizeof(got));
	(void)close(fd);
	return content == NULL || (n == (ssize_t)strlen(content) &&
	    memcmp(got, content, (size_t)n) == 0);
}

/* Does it fail with one of two errors? */
static bool
fails(const char *path, int flags, int error, int other)
{
	int fd;

	fd = beneath_open(dir, path, flags);
	if (fd != -1)
		(void)close(fd);
	return fd == -1 && (errno == error || errno == other);
}

static void
test_both(const char *how)
{
	ok(opens("sub/file", O_RDONLY, "inside"), "%s: a file", how);
	ok(opens("sub//./file", O_RDONLY, "inside"), "%s: // and .", how);
	ok(opens(".", O_RDONLY | O_DIRECTORY, NULL), "%s: itself", how);
	ok(opens("sub/deep", O_PATH | O_DIRECTORY, NULL), "%s: O_PATH", how);
	ok(opens("sub/file", O_PATH, NULL), "%s: a file with O_PATH", how);
	ok(opens("sub/", O_RDONLY, NULL), "%s: a slash behind a folder", how);
	ok(fails("sub/file/", O_RDONLY, ENOTDIR, 0),
	    "%s: a slash behind a file", how);
	ok(fails("sub/file/x", O_RDONLY, ENOTDIR, 0),
	    "%s: something below a file", how);
	ok(fails("nope", O_RDONLY, ENOENT, 0), "%s: nothing there", how);
	ok(fails("nope/x", O_RDONLY, ENOENT, 0), "%s: no such folder", how);
	ok(fails("", O_RDONLY, ENOENT, 0), "%s: an empty path", how);
	ok(fails("/etc/passwd", O_RDONLY, EXDEV, 0), "%s: absolute", how);
	ok(fails("../secret", O_RDONLY, EXDEV, 0), "%s: ..", how);
	ok(fails("sub/../../secret", O_RDONLY, EXDEV, 0),
	    "%s: .. on the way", how);
	ok(fails("out", O_RDONLY, EXDEV, ELOOP), "%s: a link outside", how);
	ok(fails("out", O_PATH, EXDEV, ELOOP),
	    "%s: a link outside, with O_PATH", how);
	ok(fails("abs/passwd", O_RDONLY, EXDEV, ENOTDIR),
	    "%s: through a link outside", how);
	ok(fails("loop", O_RDONLY, ELOOP, 0), "%s: a link to itself", how);
	ok(opens("fifo", O_RDONLY, NULL), "%s: a pipe does not block", how);
}

/* From here on the kernel knows no openat2. */
static int
forbid_openat2(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static bool
has_openat2(void)
{
	return syscall(SYS_openat2, -1, NULL, NULL, 0) == -1 &&
	    errno != ENOSYS;
}

static int
open_fds(void)
{
	int fd, n;

	for (fd = 0, n = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

int
main(void)
{
	int before;

	make_tree();
	before = open_fds();
	if (has_openat2()) {
		test_both("kernel");
		ok(opens("in", O_RDONLY, "inside"), "kernel: a link inside");
		ok(opens("dirlink/file", O_RDONLY, "inside"),
		    "kernel: through a link inside");
	}
	/* From the first call after this on, the walk is taken. */
	if (forbid_openat2() == 0 && !has_openat2()) {
		test_both("walk");
		ok(fails("in", O_RDONLY, ELOOP, 0), "walk: no link at all");
		ok(fails("dirlink/file", O_RDONLY, ENOTDIR, ELOOP),
		    "walk: nor through one");
	}
	ok(open_fds() == before, "no descriptor is left over");
	remove_tree();
	return done_testing();
}
