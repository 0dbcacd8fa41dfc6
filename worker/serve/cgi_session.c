/*
 * cgi_session: how the processes of a script end.
 *
 * A script is the leader of its own session and group. The group is only ever
 * signalled while the leader is alive or an unreaped zombie, so that its id
 * cannot have become somebody else's. What leaves the group is adopted by the
 * worker, once its parents are gone, and killed by a sweep.
 */
#include "worker/serve/cgi_script.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/scoreboard.h"
#include "worker/serve/cgi.h"

#define LINGER_MS	5000	/* for a script whose output is complete */
#define SWEEP_MS	100
#define KILL_ROUNDS	200	/* of 10 ms, when the worker stops */

static void
signal_group(const struct cgi_script *s, int signo)
{
	if (kill(-s->pid, signo) == -1 && errno != ESRCH)
		log_warn("script %s: signal %d cannot be sent to process "
		    "group %d: %s", s->name, signo, (int)s->pid,
		    strerror(errno));
}

void
cgi_session_finish(struct cgi_script *s)
{
	assert(s->pid != 0 && s->exited);
	signal_group(s, SIGKILL);
	while (waitpid(s->pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	s->pid = 0;
	s->exited = false;
	s->ran = true;
	cgi_worker.running--;
	atomic_store(&cgi_worker.score->scripts, cgi_worker.running);
	timeout_clear(&s->grace);
	timeout_clear(&s->end);
	/* What is still in the pipe is sent at the client's speed. */
	timeout_clear(&s->limit);
	if (s->request == NULL)
		cgi_script_close_out(s);
	cgi_stderr_close(s);
	cgi_feed_stop(s);
	if (!timeout_is_set(&cgi_worker.sweep))
		timeout_set(&cgi_worker.sweeps, &cgi_worker.sweep,
		    mono_add_ms(clock_now(), SWEEP_MS));
	/* Not from here: this may be deep in another request's end. */
	timeout_set(&cgi_worker.pumps, &cgi_worker.pump, clock_now());
	cgi_script_settle(s);
}

void
cgi_session_linger(struct cgi_script *s)
{
	if (s->pid == 0 || s->exited) {
		cgi_session_end(s);
		return;
	}
	s->state = CGI_LINGER;
	timeout_clear(&s->limit);
	/* Nobody wanted more so far; what comes now is dropped. */
	if (s->out != -1)
		(void)cgi_reply_start(s);
	timeout_set(&cgi_worker.ends, &s->end,
	    mono_add_ms(clock_now(), LINGER_MS));
}

/* From linger it is at once, otherwise as long as the configuration says. */
static void
start_ending(struct cgi_script *s, int64_t term_ms)
{
	s->state = CGI_ENDING;
	timeout_clear(&s->limit);
	s->abandoned = true;
	cgi_script_close_out(s);
	cgi_stderr_close(s);
	s->kill_at = mono_add_ms(clock_now(), s->conf->kill_ms);
	timeout_set(&cgi_worker.ends, &s->end,
	    mono_add_ms(clock_now(), term_ms));
}

void
cgi_session_end(struct cgi_script *s)
{
	if (s->pid == 0) {
		cgi_script_close_out(s);
		cgi_script_settle(s);
	} else if (s->exited) {
		cgi_script_close_out(s);
		cgi_session_finish(s);
	} else {
		start_ending(s, s->conf->term_ms);
	}
}

void
cgi_session_timeout(struct timeout *t)
{
	struct cgi_script *s = cgi_script_of_end(t);

	if (s->state == CGI_LINGER) {
		log_info("script %s: still runs %d s after its output ended, "
		    "it is ended", s->name, LINGER_MS / 1000);
		start_ending(s, 0);
	} else if (!s->terminated) {
		s->terminated = true;
		signal_group(s, SIGTERM);
		timeout_set(&cgi_worker.ends, t, s->kill_at);
	} else {
		/* Its exit comes as a signal. */
		signal_group(s, SIGKILL);
	}
}

/* --- reaping --- */

/* Are all write ends closed, even if there is still something to read? */
static bool
has_no_writer(int fd)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLHUP) != 0;
}

/*
 * A process that still writes for the request is the one reason to keep the
 * leader a zombie, and with it the group.
 */
static bool
is_still_writing(const struct cgi_script *s)
{
	if (s->request == NULL || s->out == -1 || cgi_worker.stopping)
		return false;
	return (s->state == CGI_HEAD || s->state == CGI_SENDING) &&
	    !has_no_writer(s->out);
}

/* The leader of a script just became a zombie. */
static void
leader_exited(struct cgi_script *s, const siginfo_t *info)
{
	s->exited = true;
	s->exit_code = info->si_code;
	s->exit_status = info->si_status;
	if (is_still_writing(s))
		cgi_reply_exited(s);
	else
		cgi_session_finish(s);
}

static bool
is_leader(pid_t pid)
{
	const struct cgi_script *s;

	for (s = TAILQ_FIRST(&cgi_worker.scripts); s != NULL;
	    s = TAILQ_NEXT(s, all)) {
		if (s->pid == pid)
			return true;
	}
	return false;
}

/*
 * Reaps what was adopted. Looks before it reaps: a leader must stay a zombie
 * until its group is done with. One that is kept for its output hides others
 * behind it for a while; they are reaped after it.
 */
static void
reap_adopted(void)
{
	siginfo_t info;

	for (;;) {
		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info,
		    WEXITED | WNOHANG | WNOWAIT) == -1 ||
		    info.si_pid == 0 || is_leader(info.si_pid))
			return;
		if (waitpid(info.si_pid, NULL, WNOHANG) == -1)
			return;
	}
}

void
cgi_reap(void)
{
	struct cgi_script *s, *next;
	siginfo_t info;

	for (s = TAILQ_FIRST(&cgi_worker.scripts); s != NULL; s = next) {
		next = TAILQ_NEXT(s, all);	/* s may go */
		if (s->pid == 0 || s->exited)
			continue;
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)s->pid, &info,
		    WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == s->pid)
			leader_exited(s, &info);
	}
	reap_adopted();
}

/* --- what left its group --- */

/* A child that is in no running script's session was left behind by one. */
static void
kill_stray(pid_t pid, pid_t session, void *arg)
{
	unsigned *found = arg;

	if (is_leader(pid) || is_leader(session))
		return;
	(*found)++;
	/* Its id is its own until we reap it. */
	if (kill(pid, SIGKILL) == 0 && !cgi_worker.stopping)
		log_warn("process %d, left behind by a script, was killed",
		    (int)pid);
}

/* Is there any child at all, dead or alive, that is no script? */
static bool
may_have_strays(void)
{
	siginfo_t info;

	return cgi_worker.running > 0 || waitid(P_ALL, 0, &info,
	    WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* How many strays were found; their own children come to us next. */
static unsigned
sweep(void)
{
	unsigned found;

	found = 0;
	reap_adopted();
	if (may_have_strays() && proc_children(kill_stray, &found) == -1)
		log_warn("/proc cannot be read: processes that scripts left "
		    "behind stay: %s", strerror(errno));
	reap_adopted();
	return found;
}

void
cgi_session_sweep(struct timeout *t)
{
	if (sweep() > 0)
		timeout_set(&cgi_worker.sweeps, t,
		    mono_add_ms(clock_now(), SWEEP_MS));
}

/* --- the end of the worker --- */

void
cgi_kill_all(void)
{
	const struct timespec pause = { 0, 10000000 };
	struct cgi_script *s;
	int i;

	cgi_worker.stopping = true;
	for (s = TAILQ_FIRST(&cgi_worker.scripts); s != NULL;
	    s = TAILQ_NEXT(s, all)) {
		if (s->pid == 0)
			continue;
		s->abandoned = true;
		signal_group(s, SIGKILL);
	}
	for (i = 0; i < KILL_ROUNDS; i++) {
		cgi_reap();
		if (sweep() == 0 && cgi_worker.running == 0)
			break;
		(void)nanosleep(&pause, NULL);
	}
	(void)close(cgi_worker.null);
	cgi_worker.null = -1;
}
