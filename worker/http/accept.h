/*
 * accept: which content codings a client takes, and how gladly (RFC 9110
 * section 12.5.3). Pure.
 */
#ifndef WORKER_HTTP_ACCEPT_H
#define WORKER_HTTP_ACCEPT_H

struct http_head;

#define HTTP_QUALITY_MAX	1000	/* q=1 */

/* From 0, not at all, to HTTP_QUALITY_MAX. */
struct http_accept {
	unsigned br;
	unsigned gzip;
	unsigned identity;		/* 1 when nothing is said of it: the
					 * last choice, but always one */
};

/* Without an Accept-Encoding, nothing but identity. What is malformed in a
 * field is skipped; of what is said twice the first counts. */
void	http_accept_encoding(const struct http_head *head,
	    struct http_accept *out);

#endif
