/*
 * head_of: a parsed head from the field lines of a test.
 */
#ifndef T_UNIT_HEAD_OF_H
#define T_UNIT_HEAD_OF_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t/unit/edge.h"
#include "worker/http/parse.h"

/* The head of a GET with these field lines (each with its CRLF), at the end of
 * readable memory; valid until the next call. */
__attribute__((unused)) static const struct http_head *
head_of(const char *lines)
{
	static struct http_head head;
	struct http_parse_limits limits = { 1 << 16, HTTP_FIELDS_MAX };
	size_t scanned = 0, used, n;
	char *text, *at;
	int status;

	if (asprintf(&text, "GET / HTTP/1.1\r\n%s\r\n", lines) == -1)
		exit(1);
	n = strlen(text);
	at = edge_put(text, n);
	free(text);
	if (http_parse(at, n, &limits, &scanned, &head, &used, &status) !=
	    HTTP_PARSE_COMPLETE) {
		printf("Bail out! no head: %s\n", lines);
		exit(1);
	}
	return &head;
}

#endif
