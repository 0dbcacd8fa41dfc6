/* Signals: blocked, admitted by pselect() alone, seen once. */
#include <sys/select.h>
#include <sys/wait.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/sig.h"
#include "t/unit/tap.h"

static void
admit(void)
{
	static const struct timespec none;

	(void)pselect(0, NULL, NULL, NULL, &none, sig_wait_mask());
}

static void
(*disposition(int signo))(int)
{
	struct sigaction now;

	return sigaction(signo, NULL, &now) == 0 ? now.sa_handler : SIG_ERR;
}

/* As if started by something careless. */
static void
test_reset(void)
{
	sigset_t mask;

	(void)signal(SIGCHLD, SIG_IGN);
	(void)sigfillset(&mask);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	sig_reset();
	(void)sigprocmask(SIG_SETMASK, NULL, &mask);
	ok(disposition(SIGCHLD) == SIG_DFL, "an ignored SIGCHLD is default");
	ok(disposition(SIGPIPE) == SIG_IGN, "SIGPIPE is ignored");
	ok(!sigismember(&mask, SIGSEGV) && !sigismember(&mask, SIGALRM),
	    "what is not ours is not blocked");
	ok(sigismember(&mask, SIGTERM) && sigismember(&mask, SIGCHLD),
	    "what is ours is");
}

static void
test_take(void)
{
	sig_catch(SIGUSR1);
	(void)kill(getpid(), SIGUSR1);
	ok(!sig_take(SIGUSR1), "a signal waits outside pselect");
	admit();
	ok(sig_take(SIGUSR1), "pselect lets it in");
	ok(!sig_take(SIGUSR1), "it is seen once");
	(void)kill(getpid(), SIGUSR1);
	(void)kill(getpid(), SIGUSR1);
	admit();
	ok(sig_take(SIGUSR1) && !sig_take(SIGUSR1), "two at once are one");
	sig_ignore(SIGUSR1);
	(void)kill(getpid(), SIGUSR1);
	admit();
	ok(!sig_take(SIGUSR1), "an ignored one is not seen");
}

static void
test_all(void)
{
	static const int all[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1,
	    SIGUSR2, SIGCHLD, SIGTTIN, SIGTTOU };
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		sig_catch(all[i]);
		(void)kill(getpid(), all[i]);
	}
	admit();
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		ok(sig_take(all[i]), "signal %d is caught", all[i]);
}

/* A signal sent between fork and a child's own set-up must survive it. */
static void
test_early_signal(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		(void)kill(getpid(), SIGTERM);
		sig_reset();
		sig_catch(SIGTERM);
		admit();
		_exit(sig_take(SIGTERM) ? 7 : 8);
	}
	(void)waitpid(pid, &status, 0);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 7,
	    "one that came before the reset is not lost");
}

static void
test_flags_cleared(void)
{
	sig_catch(SIGUSR2);
	(void)kill(getpid(), SIGUSR2);
	admit();
	sig_reset();
	ok(!sig_take(SIGUSR2), "a reset forgets what was seen");
	ok(disposition(SIGUSR2) == SIG_DFL, "and who caught it");
}

static void
test_default_ours(void)
{
	sigset_t before, after;

	sig_catch(SIGHUP);
	sig_ignore(SIGINT);
	(void)sigprocmask(SIG_SETMASK, NULL, &before);
	sig_default_ours();
	(void)sigprocmask(SIG_SETMASK, NULL, &after);
	ok(disposition(SIGHUP) == SIG_DFL && disposition(SIGINT) == SIG_DFL &&
	    disposition(SIGPIPE) == SIG_DFL, "all that we changed is default");
	ok(sigismember(&before, SIGTERM) == sigismember(&after, SIGTERM),
	    "the mask is as it was");
}

int
main(void)
{
	test_reset();
	test_take();
	test_all();
	test_early_signal();
	test_flags_cleared();
	test_default_ours();
	return done_testing();
}
