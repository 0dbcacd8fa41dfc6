/* Signals as flags that are set only while the process waits in pselect(). */
#include "common/sig.h"

#include <stddef.h>

static volatile sig_atomic_t seen[NSIG];

/* What is not at its default because of us. */
static bool changed[NSIG];

/* All that master or worker may catch. Blocked from the start in both, so that
 * none comes before its handler is there. */
static const int handled[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGCHLD, SIGTTIN,
	SIGTTOU,
};

static void
remember(int signo)
{
	seen[signo] = 1;
}

static void
dispose(int signo, void (*how)(int))
{
	struct sigaction action = { .sa_handler = how };

	changed[signo] = how != SIG_DFL;
	(void)sigemptyset(&action.sa_mask);
	/* Fails only for KILL, STOP and the two that libc keeps for itself. */
	(void)sigaction(signo, &action, NULL);
}

/* What was ignored by who started us, or caught by our own code before a
 * fork; handlers of others (a sanitizer's) stay. */
static bool
is_ours(int signo)
{
	struct sigaction now;

	return sigaction(signo, NULL, &now) == 0 &&
	    (now.sa_handler == SIG_IGN || now.sa_handler == remember);
}

void
sig_reset(void)
{
	sigset_t mask;
	size_t i;
	int signo;

	/* In one step: a signal that is pending for a child just forked must
	 * not slip in between emptying the mask and blocking. */
	(void)sigemptyset(&mask);
	for (i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
		(void)sigaddset(&mask, handled[i]);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	for (signo = 1; signo < NSIG; signo++) {
		seen[signo] = 0;
		if (is_ours(signo))
			dispose(signo, SIG_DFL);
	}
	sig_ignore(SIGPIPE);
	/* A file-size limit is an error of write(), not a death. */
	sig_ignore(SIGXFSZ);
}

void
sig_catch(int signo)
{
	dispose(signo, remember);
}

void
sig_ignore(int signo)
{
	dispose(signo, SIG_IGN);
}

bool
sig_take(int signo)
{
	if (!seen[signo])
		return false;
	seen[signo] = 0;
	return true;
}

const sigset_t *
sig_wait_mask(void)
{
	static sigset_t nothing;	/* made once */
	static bool made;

	if (!made) {
		(void)sigemptyset(&nothing);
		made = true;
	}
	return &nothing;
}

void
sig_default_ours(void)
{
	/* All zero: the default, and an empty mask. Not made in here by libc's
	 * functions, and nothing is noted: the memory may be our parent's. */
	static const struct sigaction none;
	int signo;

	for (signo = 1; signo < NSIG; signo++)
		if (changed[signo])
			(void)sigaction(signo, &none, NULL);
}
