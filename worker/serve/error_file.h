/*
 * error_file: the pages for errors that a site brings itself.
 */
#ifndef WORKER_SERVE_ERROR_FILE_H
#define WORKER_SERVE_ERROR_FILE_H

#include <stdbool.h>

struct request;

#define ERROR_FILE_MAX	65536	/* bytes of such a page */

/*
 * Makes the page for r->response.status out of the location's folder `errors`
 * the body of the response: 404.html, or else 4xx.html. False when it is no
 * error or there is no such page; the response is as it was then.
 */
bool	error_file(struct request *r);

#endif
