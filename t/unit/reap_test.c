/* The master's children that are no workers: ended, waited for, spared. */
#include <sys/wait.h>

#include <stdlib.h>
#include <unistd.h>

#include "common/sig.h"
#include "master/master.h"
#include "master/reap.h"
#include "t/unit/tap.h"

/* A child that ends when ends[1] is closed. */
static pid_t
begin(int ends[2])
{
	char byte;
	pid_t pid;

	if (pipe(ends) == -1 || (pid = fork()) == -1)
		abort();
	if (pid != 0) {
		(void)close(ends[0]);
		return pid;
	}
	(void)close(ends[1]);
	_exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
}

/* Lets it end, without waiting for it. */
static void
finish(pid_t pid, const int ends[2])
{
	siginfo_t info;

	(void)close(ends[1]);
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == -1)
		abort();
}

static bool
is_gone(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) == -1;
}

int
main(void)
{
	struct master m = { 0 };
	int first[2], second[2];
	pid_t spared, other;

	sig_reset();
	spared = begin(first);
	reap_spare_present();
	other = begin(second);
	finish(other, second);
	reap_dead(&m);
	ok(is_gone(other), "a stranger is waited for");
	ok(m.orphans, "and its children are looked for");
	m.orphans = false;
	finish(spared, first);
	reap_dead(&m);
	ok(is_gone(spared) && !m.orphans, "what was there before us goes by "
	    "itself, with all that it leaves");
	other = begin(second);
	m.orphans = true;
	reap_orphans(&m);
	ok(m.orphans, "an orphan is found");
	(void)waitpid(other, NULL, 0);
	(void)close(second[1]);
	reap_orphans(&m);
	ok(!m.orphans, "and none is left");
	return done_testing();
}
