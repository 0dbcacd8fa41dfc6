/*
 * serve: what becomes of a request between its parsing and its answer.
 *
 * The protocol calls it and knows nothing else of what is here; nothing here
 * knows how a message is framed. A request goes through
 *
 *	location   the server, the location and the handler that its host and
 *	           path name (route)
 *	gates      what may turn it away before the handler sees it, one after
 *	           the other; one that has to ask somebody else may wait
 *	handler    has it, and answers now or later
 *	answer     has a status: what the location says of such an answer is
 *	           done to it, and its head can be written
 *
 *	   .----------- another path: HANDLER_REROUTE, serve_reroute --.
 *	   v                                                           |
 *	location ----> gates ----> handler ----------------------------+
 *	   |             |            |                                |
 *	   |             |            v                                |
 *	   '--- status --'-------> answer ---> the head is written     |
 *
 * Every new path passes the gates of its own location: no way round leads to
 * what its client may not have.
 *
 * A gate is a function in the table of serve.c. It returns 0 to let the
 * request on, the status to turn it away with (fields that belong to that
 * status, a challenge say, are added with response_field before), or GATE_WAIT.
 * Then it calls request_wake when it knows more, and is called again, until it
 * says something else; whatever it keeps meanwhile hangs on the request and
 * ends with it, for a client may leave at any time. It may be called at other
 * times, too, and just says GATE_WAIT again. While it waits nothing of the
 * request's body is read and no 100 Continue is sent.
 */
#ifndef WORKER_SERVE_SERVE_H
#define WORKER_SERVE_SERVE_H

struct conf_listen;
struct request;

#define GATE_WAIT	(-2)		/* no status and no HANDLER_REROUTE */

/*
 * A request whose target and framing are known begins. Afterwards it waits at
 * a gate (PHASE_GATES), or its handler has it, or it has a status.
 */
void	serve_start(struct request *r, const struct conf_listen *l);
/* Goes on, if it can, with a request that waits at a gate. */
void	serve_continue(struct request *r);
/*
 * For a handler that finds out after its start has returned that another path
 * is meant, and has changed r->path: its source and its sink are closed, and
 * all begins anew but for the request's body, which is as far as it is. The
 * caller wakes the request then.
 */
void	serve_reroute(struct request *r);
/* Gives up whatever answer there is for an error, a redirect included. */
void	serve_fail(struct request *r, int status);
/*
 * There is a status and the head is about to be written: the last changes to
 * the answer. Once for each request.
 */
void	serve_answer(struct request *r);

#endif
