/*
 * accesslog: a line for each request, put into the ring that the master
 * empties.
 */
#ifndef WORKER_ACCESSLOG_H
#define WORKER_ACCESSLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"

struct request;
struct ring;

/* What a client closed before its response had a status is logged with, as
 * other servers do. */
#define ACCESSLOG_GONE	499

/* Once per process. channel is where the master is told that a quarter is
 * full; format CONF_FORMAT_UNSET makes no lines at all. */
void	accesslog_open(struct ring *ring, enum conf_log_format format,
	    int channel);
/* Puts r's line, undecided; bytes is what of its body was sent. */
void	accesslog_put(struct request *r, uint64_t bytes);
/* Decides all lines put up to r's, or takes back all undecided ones. */
void	accesslog_commit(const struct request *r);
void	accesslog_withdraw(void);
/*
 * The ring is nearly full: no new request should start. After a second of
 * this it says false: then serving goes on and lines are dropped and counted.
 */
bool	accesslog_is_full(void);

#endif
