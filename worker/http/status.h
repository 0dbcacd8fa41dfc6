/*
 * status: HTTP status codes (RFC 9110 section 15) and their reason phrases.
 */
#ifndef WORKER_HTTP_STATUS_H
#define WORKER_HTTP_STATUS_H

#include "common/str.h"

/* "Not Found" for 404; "Unknown" for a code without a registered phrase. */
struct str	status_reason(int status);
/* The whole status line "HTTP/1.1 404 Not Found\r\n" of a registered code;
 * empty for any other, such as a script may choose. */
struct str	status_line(int status);

#endif
