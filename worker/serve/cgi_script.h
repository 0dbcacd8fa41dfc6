/*
 * cgi_script: the record of one script, from the request that wants it to the
 * last process of its session. What the files cgi*.c share, and nobody else.
 *
 *	GATHER --> QUEUED --> HEAD --> SENDING --> LINGER --> ENDING --> gone
 *	  the request's body   the script runs       the request is over
 *
 * Any state may go to ENDING, or at once to gone when no process is there. A
 * record outlives its request while the process is there, and its process
 * while the request is; cgi_script_settle frees it when both are gone.
 */
#ifndef WORKER_SERVE_CGI_SCRIPT_H
#define WORKER_SERVE_CGI_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/log.h"
#include "worker/http/body.h"
#include "worker/http/request.h"
#include "worker/serve/cgi.h"
#include "worker/serve/cgi_body.h"
#include "worker/serve/cgi_find.h"
#include "worker/serve/cgi_output.h"
#include "worker/timeout.h"

#define CGI_MAGIC	0x43676953u
#define CGI_RETRY_S	2	/* Retry-After of a 503 */

struct conf;
struct conf_cgi;
struct loop;
struct request;
struct scoreboard;

enum cgi_state {
	CGI_NONE,
	CGI_GATHER,		/* the request's body is coming in */
	CGI_QUEUED,		/* waits until fewer scripts run */
	CGI_HEAD,		/* runs; its header block is not complete */
	CGI_SENDING,		/* its output goes to the client */
	CGI_LINGER,		/* its output was complete; it may still end by
				 * itself, what it says is dropped */
	CGI_ENDING		/* its pipes are closed; TERM, then KILL */
};

struct cgi_script {
	uint32_t magic;			/* CGI_MAGIC */
	enum cgi_state state;
	struct request *request;	/* borrowed; NULL = it is over */
	const struct conf_cgi *conf;	/* borrowed, process */
	char *name;			/* owned: SCRIPT_NAME, for the log */
	char id[REQUEST_ID_LEN + 1];	/* of its request, likewise */
	struct cgi_target target;	/* dies with the request */
	struct source source;		/* the request's, while has_source */
	struct sink sink;		/* the request's, while has_sink */
	bool has_source;
	bool has_sink;
	bool paid;			/* the ledger counts its descriptors */
	struct cgi_body body;

	pid_t pid;			/* of group and session too; 0 = none */
	bool exited;			/* a zombie, kept so that nobody else
					 * can get its id */
	bool ran;			/* exit_code, exit_status are known */
	int exit_code;			/* CLD_EXITED, CLD_KILLED ... */
	int exit_status;
	bool abandoned;			/* ended by us: how says nothing */
	struct script_use use;
	bool bad;			/* something is wrong with its output */
	bool reported;			/* its end is in the log */

	int out;			/* owned: its output; -1 = closed */
	int err;			/* owned: its errors; -1 = closed */
	bool watching;			/* the loop looks at out */
	bool waiting;			/* the protocol waits to be woken */
	bool complete;			/* all output was seen */
	bool headless;			/* and there was no header: its exit
					 * will say why */
	bool told;			/* how it ended was given as a reason */
	bool reckoned;			/* the answer waits for its exit no
					 * more */
	bool cut;			/* its time was up in the body */
	bool nph;			/* it writes the head of the response */
	bool discard;			/* the response has no body (HEAD) */
	bool overflow;			/* it sent more than announced: said */
	bool has_length;		/* it announced a length, */
	uint64_t remaining;		/* of which so many bytes are to come */
	struct buf complaint;		/* owned: errors not yet logged */
	size_t complaint_kept;		/* bytes ever put there, */
	uint64_t complaint_dropped;	/* and bytes that were not, or not for
					 * long */

	struct timeout limit;		/* queued; to the header; in all */
	struct mono total_at;		/* when the last of these comes */
	struct mono silent_at;		/* waiting: when it was silent for too
					 * long */
	struct timeout listen;		/* its errors are looked at from then
					 * on */
	struct timeout grace;		/* exited, and its output is dry */
	struct timeout end;		/* exited, but not what it left behind;
					 * LINGER: patience; then TERM, KILL */
	struct mono kill_at;		/* when the last of these comes */
	bool terminated;		/* TERM was sent, KILL is next */

	TAILQ_ENTRY(cgi_script) all;
	TAILQ_ENTRY(cgi_script) queue;
	size_t scanned;			/* of the header block */
	size_t off;			/* output not yet handed out */
	size_t fill;
	char buf[CGI_HEAD_MAX];		/* bytes off to fill are output */
};

TAILQ_HEAD(cgi_scripts, cgi_script);

struct cgi_witness;

/* What is counted for each location. */
struct cgi_place {
	unsigned running;
	unsigned queued;
};

/* What a worker knows of all its scripts. */
struct cgi_worker {
	const struct conf *conf;	/* borrowed, process */
	struct loop *loop;		/* borrowed, process */
	struct scoreboard *score;	/* borrowed, process */
	int null;			/* owned: /dev/null */
	bool stopping;			/* nothing is started any more */
	bool reckon;			/* the access log wants script_use */
	uint64_t tasks;			/* that scripts' user may have, beside
					 * theirs; 0 = it is not alone */
	struct cgi_place *places;	/* owned; conf.places of them */
	struct cgi_scripts scripts;	/* owned, all of them */
	struct cgi_scripts waiting;	/* the QUEUED ones, first come */
	unsigned running;		/* those with a process */
	unsigned records;		/* of scripts, */
	unsigned most;			/* at most, since memory was given
					 * back */
	const struct cgi_witness *witness; /* borrowed; NULL = nobody looks */
	struct timeoutq limits;
	struct timeoutq listens;
	struct timeoutq graces;
	struct timeoutq ends;
	struct timeoutq pumps;
	struct timeoutq sweeps;
	struct timeout pump;		/* a process went: start the next */
	struct timeout sweep;		/* look for what scripts left behind */
};

extern struct cgi_worker cgi_worker;

/* --- cgi_script.c --- */

/* NULL when memory is short. */
struct cgi_script *cgi_script_new(struct request *r,
	    const struct cgi_target *t);
struct cgi_script *cgi_script_of_source(struct source *source);
struct cgi_script *cgi_script_of_sink(struct sink *sink);
struct cgi_script *cgi_script_of_limit(struct timeout *t);
struct cgi_script *cgi_script_of_listen(struct timeout *t);
struct cgi_script *cgi_script_of_grace(struct timeout *t);
struct cgi_script *cgi_script_of_end(struct timeout *t);
/* The source becomes the request's. */
void	cgi_script_attach(struct cgi_script *s);
/* The request is over for this script, however; s may be gone afterwards. */
void	cgi_script_over(struct cgi_script *s);
/* Takes script and request apart and says what the answer is, without waking
 * the request; s may be gone afterwards. Returns status. */
int	cgi_script_refuse(struct cgi_script *s, int status);
/* The same, and wakes the request. */
void	cgi_script_fail(struct cgi_script *s, int status);
void	cgi_script_close_out(struct cgi_script *s);
struct cgi_place *cgi_script_place(const struct cgi_script *s);
/* A line in the error log about it. */
void	cgi_script_log(const struct cgi_script *s, enum log_level level,
	    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Logs how it ended once that is known, and frees what nobody needs. */
void	cgi_script_settle(struct cgi_script *s);

/* --- cgi_feed.c --- */

extern const struct sink_ops cgi_feed_ops;
/* Is the body of such a request streamed? */
bool	cgi_feed_is_wanted(const struct request *r);
/* Its sink is cgi_feed_ops; nothing is taken before cgi_feed_start. */
void	cgi_feed_open(struct cgi_script *s);
/* A descriptor from which the script reads the body, streamed or not; or -1
 * with errno. The caller's to close. */
int	cgi_feed_stdin(struct cgi_script *s);
/* The script runs: 0, or the status to fail with. */
int	cgi_feed_start(struct cgi_script *s);
/* Nobody reads the body any more. */
void	cgi_feed_stop(struct cgi_script *s);

/* --- cgi_launch.c --- */

/* Starts the process: 0 and HEAD, or the status to fail with. */
int	cgi_launch(struct cgi_script *s);

/* --- cgi_head.c --- */

/* Reads on in the header block; s may be gone afterwards. */
void	cgi_head_read(struct cgi_script *s);

/* --- cgi_reply.c --- */

extern const struct source_ops cgi_source_ops;
/* Watches the output: 0, or -1 when memory is short. */
int	cgi_reply_start(struct cgi_script *s);
/* Reads behind what is in the buffer: bytes, 0 at the end of all output, -1
 * when there is nothing now. */
ssize_t	cgi_reply_fill(struct cgi_script *s);
/* It said more than it announced: a longer body would be read as the next
 * response, so it is never sent. */
void	cgi_reply_overflow(struct cgi_script *s);
/* All that was announced has been handed out: the protocol asks no more. */
bool	cgi_reply_is_satisfied(const struct cgi_script *s);
/* The loop looks at the output, or not; it has looked before. */
void	cgi_reply_watch(struct cgi_script *s, bool on);

/* --- cgi_time.c --- */

/* It runs from now on: it has to say something soon, and be done in time. */
void	cgi_time_start(struct cgi_script *s);
/* Waits for output; whoever waits is woken, or time runs out. */
void	cgi_time_await(struct cgi_script *s);
/* Waits for its exit alone, but not for long. */
void	cgi_time_await_exit(struct cgi_script *s);
/* There is output, or something else to find out: the request is woken, and
 * may be gone afterwards, and s with it. So may be below. */
void	cgi_time_wake(struct cgi_script *s);
/* The leader has exited: the output may end without an end of file. */
void	cgi_time_exited(struct cgi_script *s);
/* The leader is gone: wakes who waited for that. */
void	cgi_time_gone(struct cgi_script *s);
/* Their queues'. The grace is over; the time until the header, in silence or
 * in all is up. */
void	cgi_time_grace(struct timeout *t);
void	cgi_time_limit(struct cgi_script *s);

/* --- cgi_verdict.c --- */

/* The header block is bad; line, if it is not empty, is what is wrong in it.
 * s may be gone afterwards. */
void	cgi_verdict_bad(struct cgi_script *s, const char *why, struct str line);
/* All output was seen, and the header block is not complete; called again when
 * it has exited, or takes too long to. s may be gone afterwards. */
void	cgi_verdict_ended(struct cgi_script *s);
/* How it ended, in words; false when that was well, or is not known. */
bool	cgi_verdict_exit(const struct cgi_script *s, char *text, size_t size);

/* --- cgi_stderr.c --- */

/* It is looked at soon: 0, or -1 when memory is short. */
int	cgi_stderr_start(struct cgi_script *s);
/* Its queue's: from now on. */
void	cgi_stderr_listen(struct timeout *t);
/* Takes what is there and closes. */
void	cgi_stderr_close(struct cgi_script *s);
/* Logs what was kept, if the configuration wants it for such an end. */
void	cgi_stderr_report(struct cgi_script *s, bool failed);

/* --- cgi_session.c --- */

/* All output was seen; the script may end by itself for a while. s may be
 * gone afterwards, unless it still has a request. */
void	cgi_session_linger(struct cgi_script *s);
/* The script is ended from now on. Likewise. */
void	cgi_session_end(struct cgi_script *s);
/* The leader is a zombie: its group is killed, it is reaped. Likewise. */
void	cgi_session_finish(struct cgi_script *s);
/* Queues' own. */
void	cgi_session_timeout(struct timeout *t);
void	cgi_session_sweep(struct timeout *t);

#endif
