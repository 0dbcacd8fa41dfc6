/*
 * cond: does the client hold the current version already (RFC 9110 section
 * 13)? Pure.
 */
#ifndef WORKER_HTTP_COND_H
#define WORKER_HTTP_COND_H

#include <stdbool.h>
#include <time.h>

#include "worker/http/parse.h"

/*
 * For GET and HEAD: true when the answer is 304. If-None-Match (weak
 * comparison) decides when it is there, else If-Modified-Since. etag has its
 * quotes; modified counts when has_modified.
 */
bool	cond_not_modified(const struct http_head *head, struct str etag,
	    bool has_modified, time_t modified, time_t now);

#endif
