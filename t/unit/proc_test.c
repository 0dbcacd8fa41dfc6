/* Children found in /proc, adopted ones too, however they call themselves. */
#include <sys/prctl.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/proc.h"
#include "t/unit/tap.h"

struct seen {
	pid_t want;
	unsigned found;
	unsigned others;
	pid_t session;
};

static void
look(pid_t pid, pid_t session, void *arg)
{
	struct seen *s = arg;

	if (pid == s->want) {
		s->found++;
		s->session = session;
	} else
		s->others++;
}

static struct seen
search(pid_t pid)
{
	struct seen s = { .want = pid };

	ok(proc_children(look, &s) == 0, "/proc is read");
	return s;
}

/* A child in a session of its own that says when it is set up, then waits. */
static pid_t
start_child(const char *name)
{
	int ready[2];
	pid_t pid;
	char c;

	if (pipe(ready) == -1)
		abort();
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_NAME, name);
		(void)setsid();
		(void)close(ready[0]);
		(void)close(ready[1]);
		for (;;)
			(void)pause();
	}
	(void)close(ready[1]);
	/* The end of the pipe. */
	if (read(ready[0], &c, 1) != 0)
		abort();
	(void)close(ready[0]);
	return pid;
}

static void
stop_child(pid_t pid)
{
	siginfo_t info;
	struct seen s;

	(void)kill(pid, SIGKILL);
	(void)waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	s = search(pid);
	ok(s.found == 0, "a zombie is left out");
	(void)waitpid(pid, NULL, 0);
}

static void
check_name(const char *what, const char *name)
{
	pid_t pid = start_child(name);
	struct seen s = search(pid);

	ok(s.found == 1 && s.others == 0, "%s is found, nothing else", what);
	ok(s.session == pid, "with its session");
	stop_child(pid);
}

/* A grandchild whose parent is gone. */
static void
test_adopted(void)
{
	int up[2];
	pid_t middle, orphan = 0;
	struct seen s;

	proc_become_subreaper();
	if (pipe(up) == -1)
		abort();
	middle = fork();
	if (middle == 0) {
		orphan = start_child("orphan");
		_exit(write(up[1], &orphan, sizeof(orphan)) == -1);
	}
	ok(read(up[0], &orphan, sizeof(orphan)) == sizeof(orphan),
	    "a child had a child");
	(void)waitpid(middle, NULL, 0);
	s = search(orphan);
	ok(s.found == 1 && s.others == 0, "it was adopted");
	stop_child(orphan);
	(void)close(up[0]);
	(void)close(up[1]);
}

static void
count(const struct proc_info *info, void *arg)
{
	if (info->pid == getpid())
		(*(unsigned *)arg)++;
}

static void
test_info(void)
{
	char name[PROC_NAME];
	pid_t pid = start_child("a\033b) R 1");
	struct proc_info info, again;
	unsigned n = 0;

	ok(proc_read(pid, &info) == 0 && info.pid == pid &&
	    info.parent == getpid() && info.session == pid && info.start > 0,
	    "a child is read");
	ok(proc_read(getpid(), &again) == 0 && again.start > 0 &&
	    again.start <= info.start, "which is not older than we are");
	proc_name(pid, name);
	ok(strcmp(name, "a?b) R 1") == 0, "its name is cleaned: %s", name);
	ok(proc_is_alive(&info), "it lives");
	again = info;
	again.start++;
	ok(!proc_is_alive(&again), "another one with its id does not");
	(void)kill(pid, SIGKILL);
	(void)waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	ok(!proc_is_alive(&info), "a zombie does not either");
	(void)waitpid(pid, NULL, 0);
	ok(proc_read(pid, &info) == -1, "then there is none");
	proc_name(pid, name);
	ok(strcmp(name, "?") == 0, "nor a name");
	ok(proc_all(count, &n) == 0 && n == 1, "all of them: with us, once");
}

int
main(void)
{
	struct seen s = search(1);

	ok(s.found == 0 && s.others == 0, "no children at first");
	check_name("a plain name", "plain");
	check_name("a name like the line itself", ") R 1 1 1 (");
	check_name("a name with a newline", "a b\n(c)) S 1");
	check_name("no name", "");
	test_adopted();
	test_info();
	return done_testing();
}
