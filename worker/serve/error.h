/*
 * error: the small page behind an error or a redirect. Nothing of the request
 * is reflected in it, and no version is named.
 */
#ifndef WORKER_SERVE_ERROR_H
#define WORKER_SERVE_ERROR_H

struct request;

/*
 * Makes r->response.status, which is an error or a redirect, into a whole
 * response: a page as its source, with type and length. Fields that belong to
 * the status (Allow, Location, Retry-After) are left as they are.
 */
void	error_page(struct request *r);

#endif
