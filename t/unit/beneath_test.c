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
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "t/unit/tap.h"
#include "worker/serve/beneath.h"

static char top[] = "/tmp/pyked-beneath-XXXXXX";
static int dir;
static enum conf_symlinks links = CONF_SYMLINKS_BENEATH;

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
	    symlink("../in", "root/sub/up") == -1 ||
	    symlink("deep/../../dirlink/./", "root/sub/round") == -1 ||
	    symlink("sub/.", "root/dot") == -1 ||
	    symlink("sub/deep/../../../root/in", "root/far") == -1 ||
	    symlink("/proc/self/root/etc", "root/magic") == -1 ||
	    symlink("/proc/self/fd", "root/fds") == -1 ||
	    symlink("nope", "root/dangling") == -1 ||
	    mkfifo("root/fifo", 0644) == -1)
		exit(1);
	dir = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void
remove_tree(void)
{
	static const char *const names[] = { "root/sub/file", "root/sub/deep",
	    "root/sub/up", "root/sub/round", "root/sub", "root/out",
	    "root/abs", "root/in", "root/dirlink", "root/loop", "root/dot",
	    "root/far", "root/magic", "root/fds", "root/dangling",
	    "root/fifo", "root", "secret" };
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

	fd = beneath_open(dir, path, flags, links);
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

	fd = beneath_open(dir, path, flags, links);
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
	ok(fails("dangling", O_RDONLY, ENOENT, ELOOP),
	    "%s: a link to nothing", how);
	ok(fails("loop", O_RDONLY, ELOOP, 0), "%s: a link to itself", how);
	ok(fails("loop/x", O_RDONLY, ELOOP, 0), "%s: below such", how);
	ok(fails("magic/passwd", O_RDONLY, EXDEV, ELOOP),
	    "%s: a link of /proc", how);
	ok(opens("fifo", O_RDONLY, NULL), "%s: a pipe does not block", how);
}

/* Where links lead that stay inside. */
static const char *const inside[] = { "in", "dirlink/file", "sub/up",
    "sub/round/file", "dot/file", "sub/up", "dirlink/round/round/file",
    "dot/deep/./../file" };
#define NINSIDE	(sizeof(inside) / sizeof(inside[0]) - 1)

static void
test_links(const char *how)
{
	size_t i;

	links = CONF_SYMLINKS_OFF;
	test_both(how);
	for (i = 0; i < NINSIDE; i++)
		ok(fails(inside[i], O_RDONLY, ELOOP, 0), "%s, off: %s", how,
		    inside[i]);
	ok(fails("in", O_PATH, ELOOP, 0), "%s, off: with O_PATH", how);
	ok(fails("dirlink", O_PATH | O_DIRECTORY, ELOOP, 0),
	    "%s, off: a folder", how);
	links = CONF_SYMLINKS_BENEATH;
	test_both(how);
	for (i = 0; i < NINSIDE; i++)
		ok(opens(inside[i], O_RDONLY, "inside") &&
		    opens(inside[i], O_PATH, NULL), "%s, beneath: %s", how,
		    inside[i]);
	ok(opens("dirlink/", O_PATH | O_DIRECTORY, NULL) &&
	    opens("dot", O_RDONLY | O_DIRECTORY, NULL),
	    "%s, beneath: a folder", how);
	ok(fails("in/", O_RDONLY, ENOTDIR, 0) &&
	    fails("in", O_PATH | O_DIRECTORY, ENOTDIR, 0),
	    "%s, beneath: a link to a file is no folder", how);
	ok(fails("far", O_RDONLY, EXDEV, 0), "%s, beneath: out and in", how);
	ok(fails("out", O_RDONLY, EXDEV, 0) &&
	    fails("out", O_PATH, EXDEV, 0) &&
	    fails("abs/passwd", O_RDONLY, EXDEV, 0),
	    "%s, beneath: a link outside", how);
	ok(fails("sub/../../secret", O_RDONLY, EXDEV, 0),
	    "%s, beneath: .. on the way", how);
	links = CONF_SYMLINKS_ON;
	test_both(how);
	for (i = 0; i < NINSIDE; i++)
		ok(opens(inside[i], O_RDONLY, "inside"), "%s, on: %s", how,
		    inside[i]);
	ok(opens("out", O_RDONLY, "secret") && opens("far", O_PATH, NULL) &&
	    opens("abs/passwd", O_RDONLY, NULL) &&
	    opens("abs", O_PATH | O_DIRECTORY, NULL),
	    "%s, on: a link outside", how);
	ok(fails("fds/0", O_RDONLY, ELOOP, 0),
	    "%s, on: an open file is no path", how);
}

/*
 * A child makes root/flip a folder, a link to another one in root and a link
 * out of it, by renames; meanwhile it is opened through, again and again. It
 * leaves it a folder.
 */
static volatile sig_atomic_t stop;

static void
on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static void
flip(void)
{
	while (!stop) {
		if (rename("root/flip", "root/flip-folder") == -1 ||
		    rename("root/flip-in", "root/flip") == -1 ||
		    rename("root/flip", "root/flip-in") == -1 ||
		    rename("root/flip-out", "root/flip") == -1 ||
		    rename("root/flip", "root/flip-out") == -1 ||
		    rename("root/flip-folder", "root/flip") == -1)
			_exit(1);
	}
	_exit(0);
}

static void
make_flip(void)
{
	int fd;

	if (mkdir("root/flip", 0755) == -1 || mkdir("out", 0755) == -1 ||
	    symlink("sub/deep/..", "root/flip-in") == -1 ||
	    symlink("../out", "root/flip-out") == -1 ||
	    link("root/sub/file", "root/flip/file") == -1)
		exit(1);
	fd = open("out/file", O_WRONLY | O_CREAT, 0644);
	if (fd == -1 || write(fd, "secret", 6) != 6)
		exit(1);
	(void)close(fd);
}

static void
remove_flip(void)
{
	(void)remove("root/flip/file");
	(void)remove("root/flip");
	(void)remove("root/flip-in");
	(void)remove("root/flip-out");
	(void)remove("out/file");
	(void)remove("out");
}

static void
test_race(const char *how)
{
	unsigned in = 0, out = 0, refused = 0, other = 0;
	char got[16];
	int fd, i, status;
	pid_t pid;

	links = CONF_SYMLINKS_BENEATH;
	make_flip();
	(void)signal(SIGTERM, on_term);
	pid = fork();
	if (pid == 0)
		flip();
	/* On a busy machine the child may not run for a while. */
	for (i = 0; i < 100000 || (i < 10000000 && (in == 0 || refused == 0));
	    i++) {
		fd = beneath_open(dir, "flip/file", O_RDONLY, links);
		if (fd == -1) {
			if (errno == EXDEV || errno == ENOENT)
				refused++;
			else
				other++;
			continue;
		}
		if (read(fd, got, sizeof(got)) == 6 &&
		    memcmp(got, "inside", 6) == 0)
			in++;
		else
			out++;
		(void)close(fd);
	}
	(void)kill(pid, SIGTERM);
	ok(waitpid(pid, &status, 0) == pid && status == 0,
	    "%s: every rename was made", how);
	remove_flip();
	ok(out == 0 && other == 0, "%s: %d races, %u inside, %u refused", how,
	    i, in, refused);
	ok(in > 0 && refused > 0, "%s: and it was one", how);
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
		test_links("kernel");
		test_race("kernel");
	}
	/* From the first call after this on, the walk is taken. */
	if (forbid_openat2() == 0 && !has_openat2()) {
		test_links("walk");
		test_race("walk");
	}
	ok(open_fds() == before, "no descriptor is left over");
	remove_tree();
	return done_testing();
}
