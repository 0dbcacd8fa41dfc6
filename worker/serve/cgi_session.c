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
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/scoreboard.h"
#include "worker/serve/cgi_spawn.h"

#define LINGER_MS	5000	/* for a script whose output is complete */
#define LEFT_MS		2000	/* for what it left behind, and still answers */
#define SWEEP_MS	100	/* where something was found; nothing, */
#define WATCH_MS	1000	/* but there are children */
#define TRIM_FROM	64	/* requests for scripts at one time */
#define KILL_ROUNDS	200	/* of 10 ms, when the worker stops */

static void
signal_group(const struct cgi_script *s, int signo)
{
	if (kill(-s->pid, signo) == -1 && errno != ESRCH)
		cgi_script_log(s, LOG_LEVEL_WARN, "signal %d cannot be sent to "
		    "process group %d: %s", signo, (int)s->pid,
		    strerror(errno));
}

/*
 * A script is born with the memory of this process (vfork), whose peak the
 * kernel takes for the script's: of one that never had more nothing is known.
 */
static bool
is_its_own(uint64_t peak_kb)
{
	static uint64_t ours_kb;	/* only ever grows */
	struct rusage usage;

	if (peak_kb > ours_kb && getrusage(RUSAGE_SELF, &usage) == 0)
		ours_kb = (uint64_t)usage.ru_maxrss;
	return peak_kb > ours_kb;
}

/* Nothing more is known of it than what the kernel says now. */
static void
reap_leader(struct cgi_script *s)
{
	struct script_use *use = &s->use;
	struct rusage usage = { 0 };

	while (wait4(s->pid, NULL, 0, &usage) == -1 && errno == EINTR)
		continue;
	s->pid = 0;
	s->exited = false;
	s->ran = true;
	use->counted = true;
	use->wall_us = mono_us(use->started, clock_now());
	use->cpu_us = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) *
	    1000000 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
	use->peak_kb = (uint64_t)usage.ru_maxrss;
	use->peak_known = is_its_own(use->peak_kb);
	if (s->request != NULL)
		s->request->use = *use;
}

/* It may have left something behind, that comes to us now. */
static void
sweep_soon(void)
{
	struct mono at = mono_add_ms(clock_now(), SWEEP_MS);

	if (!timeout_is_set(&cgi_worker.sweep) ||
	    mono_before(at, cgi_worker.sweep.at))
		timeout_set(&cgi_worker.sweeps, &cgi_worker.sweep, at);
}

void
cgi_session_finish(struct cgi_script *s)
{
	assert(s->pid != 0 && s->exited);
	signal_group(s, SIGKILL);
	reap_leader(s);
	cgi_worker.running--;
	cgi_script_place(s)->running--;
	atomic_store(&cgi_worker.score->scripts, cgi_worker.running);
	timeout_clear(&s->grace);
	timeout_clear(&s->end);
	/* What is still in the pipe is sent at the client's speed. */
	timeout_clear(&s->limit);
	if (s->request == NULL)
		cgi_script_close_out(s);
	cgi_stderr_close(s);
	if (cgi_worker.witness != NULL)
		cgi_worker.witness->end(s);
	cgi_feed_stop(s);
	sweep_soon();
	/* Not from here: this may be deep in another request's end. */
	if (!TAILQ_EMPTY(&cgi_worker.waiting))
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

	if (s->exited) {
		/* What is in the pipe is answered, no more comes. */
		cgi_session_finish(s);
		cgi_time_exited(s);
	} else if (s->state == CGI_LINGER) {
		cgi_script_log(s, LOG_LEVEL_INFO, "still runs %d s after its "
		    "output ended, it is ended", LINGER_MS / 1000);
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

/* The leader of a script just became a zombie. s may be gone afterwards. */
static void
leader_exited(struct cgi_script *s, const siginfo_t *info)
{
	bool wanted = s->request != NULL;

	s->exited = true;
	s->exit_code = info->si_code;
	s->exit_status = info->si_status;
	if (is_still_writing(s)) {
		timeout_set(&cgi_worker.ends, &s->end,
		    mono_add_ms(clock_now(), LEFT_MS));
		cgi_time_exited(s);
		return;
	}
	cgi_session_finish(s);
	if (wanted)
		cgi_time_gone(s);
}

static struct cgi_script *
find_leader(pid_t pid)
{
	struct cgi_script *s;

	for (s = TAILQ_FIRST(&cgi_worker.scripts); s != NULL;
	    s = TAILQ_NEXT(s, all)) {
		if (s->pid == pid)
			return s;
	}
	return NULL;
}

/* One child that has died, and is left as it is; false when there is none. */
static bool
look_for_dead(idtype_t type, pid_t pid, siginfo_t *info)
{
	info->si_pid = 0;
	return waitid(type, (id_t)pid, info,
	    WEXITED | WNOHANG | WNOWAIT) == 0 && info->si_pid != 0;
}

/*
 * Takes the dead as the kernel gives them: leaders, and what was adopted.
 * Looks before it reaps, for a leader must stay a zombie until its group is
 * done with. False when one that is kept for its output hides others.
 */
static bool
reap_in_turn(void)
{
	struct cgi_script *s;
	siginfo_t info;

	while (look_for_dead(P_ALL, 0, &info)) {
		s = find_leader(info.si_pid);
		if (s == NULL) {
			if (waitpid(info.si_pid, NULL, WNOHANG) == -1)
				return true;
		} else if (!s->exited) {
			leader_exited(s, &info);
		} else {
			return false;
		}
	}
	return true;
}

void
cgi_reap(void)
{
	struct cgi_script *s, *next;
	siginfo_t info;

	if (reap_in_turn())
		return;
	/* The adopted ones wait until the one before them is gone. */
	for (s = TAILQ_FIRST(&cgi_worker.scripts); s != NULL; s = next) {
		next = TAILQ_NEXT(s, all);	/* s may go */
		if (s->pid != 0 && !s->exited &&
		    look_for_dead(P_PID, s->pid, &info))
			leader_exited(s, &info);
	}
}

/* --- what left its group --- */

/* A child that is in no running script's session was left behind by one. */
static void
kill_stray(pid_t pid, pid_t session, void *arg)
{
	unsigned *found = arg;

	if (find_leader(pid) != NULL || find_leader(session) != NULL)
		return;
	(*found)++;
	/* Its id is its own until we reap it. */
	if (kill(pid, SIGKILL) == 0 && !cgi_worker.stopping)
		log_warn("process %d, left behind by a script, was killed",
		    (int)pid);
}

/* Is there any child at all, dead or alive? */
static bool
has_children(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* How many strays were found; their own children come to us next. */
static unsigned
sweep(void)
{
	unsigned found = 0;

	cgi_reap();
	if (has_children() && proc_children(kill_stray, &found) == -1)
		log_warn("/proc cannot be read: processes that scripts left "
		    "behind stay: %s", strerror(errno));
	return found;
}

/* What many scripts and their requests needed at one time would stay in the
 * heap for ever. */
static void
give_memory_back(void)
{
	cgi_worker.most = 0;
#ifdef __GLIBC__
	(void)malloc_trim(0);
#endif
}

/* As long as there are children one of them may be a stray, or leave one. */
void
cgi_session_sweep(struct timeout *t)
{
	unsigned found = sweep();

	if (has_children())
		timeout_set(&cgi_worker.sweeps, t, mono_add_ms(clock_now(),
		    found > 0 ? SWEEP_MS : WATCH_MS));
	else if (cgi_worker.most > TRIM_FROM)
		give_memory_back();
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
	cgi_spawn_close();
	free(cgi_worker.places);
	cgi_worker.places = NULL;
}
