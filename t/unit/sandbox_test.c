/*
 * sandbox: what is refused, to programs of 64 and of 32 bits, and that the rest
 * goes on.
 */
#include "common/sandbox.h"

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "t/unit/tap.h"

/* What fn returns in a child, in the sandbox or not; -1 when it died. */
static int
in_child(bool sandbox, int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (sandbox && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
		    sandbox_enter() == -1))
			_exit(200);
		_exit(fn());
	}
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
nothing(void)
{
	return 0;
}

static int
bpf(void)
{
	return syscall(SYS_bpf, -1, NULL, 0) == -1 ? errno : 0;
}

static int
user_keys(void)
{
	return syscall(SYS_keyctl, 0, 0, 0) == -1 ? errno : 0;
}

static int
namespace(void)
{
	return unshare(CLONE_NEWUSER) == -1 ? errno : 0;
}

static int
namespace_child(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid == -1 ? errno : 0;
}

static int
files_of_its_own(void)
{
	return unshare(CLONE_FILES) == -1 ? errno : 0;
}

static int
clone3(void)
{
	return syscall(SYS_clone3, NULL, 0) == -1 ? errno : 0;
}

static int
program(void)
{
	return system("exec 2>/dev/null; test \"$(echo a | cat)\" = a");
}

static int
grandchild(void)
{
	return in_child(false, bpf);
}

#ifdef __x86_64__
static int
call_32(int number)
{
	int result;

	__asm__ volatile ("int $0x80" : "=a"(result) : "0"(number), "b"(-1),
	    "c"(0), "d"(0) : "memory", "r8", "r9", "r10", "r11");
	return result;
}

static int
pid_32(void)
{
	return call_32(20) == getpid() ? 0 : 1;
}

static int
bpf_32(void)
{
	return -call_32(357);
}

static int
pid_x32(void)
{
	return syscall(0x40000000 + SYS_getpid) == -1 ? errno : 0;
}

static void
test_32(void)
{
	if (in_child(false, pid_32) != 0) {
		ok(true, "# SKIP no programs of 32 bits here");
		return;
	}
	ok(in_child(true, pid_32) == 0, "programs of 32 bits run");
	ok(in_child(true, bpf_32) == EPERM, "and have no more rights");
	ok(in_child(true, pid_x32) == ENOSYS, "x32 is not there");
}
#else
static void
test_32(void)
{
}
#endif

int
main(void)
{
	if (in_child(true, nothing) == 200) {
		ok(true, "# SKIP this kernel has no seccomp for us");
		return done_testing();
	}
	ok(in_child(false, bpf) == EINVAL || in_child(false, bpf) == EPERM,
	    "bpf is there");
	ok(in_child(true, bpf) == EPERM, "and refused");
	ok(in_child(true, user_keys) == EPERM, "keyrings");
	ok(in_child(true, namespace) == EPERM, "a user namespace");
	ok(in_child(true, namespace_child) == EPERM, "one for a child");
	ok(in_child(true, files_of_its_own) == 0, "unshare can do more");
	ok(in_child(true, clone3) == ENOSYS, "clone3 is not there");
	ok(in_child(true, program) == 0, "programs and pipes");
	ok(in_child(true, grandchild) == EPERM, "children inherit it");
	test_32();
	return done_testing();
}
