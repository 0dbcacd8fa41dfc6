/*
 * cgi_trial: one script, run for one request that nobody sent, and all that is
 * to be known of it on standard output. For "pyked cgi".
 *
 * The request goes the way of every other, from its location on; only what
 * turns clients away is passed by.
 */
#ifndef WORKER_SERVE_CGI_TRIAL_H
#define WORKER_SERVE_CGI_TRIAL_H

struct conf;
struct loop;

/*
 * url is an address of this server, or a path; body is posted to it, NULL asks
 * with GET. cgi_open was called with loop. The status to exit with: 0 when the
 * script gave an answer below 500, 1 when not, 2 when there is no script for
 * url.
 */
int	cgi_trial(const struct conf *conf, struct loop *loop, const char *url,
	    const char *body);

#endif
