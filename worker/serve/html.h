/*
 * html: writes HTML with any bytes in it as text or as links.
 */
#ifndef WORKER_SERVE_HTML_H
#define WORKER_SERVE_HTML_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/str.h"

/* Zero is empty. */
struct html {
	struct buf out;			/* owned */
	bool failed;			/* memory was short: out lacks bytes */
};

/* Markup, as it is. */
void	html_put(struct html *h, const char *markup);
void	html_printf(struct html *h, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/*
 * Any bytes as text, for elements and quoted attributes: &, <, > and quotes
 * escaped; U+FFFD for each byte that is not UTF-8, for control characters
 * (C1, too) and line separators, for those that override the direction of
 * what follows, and for noncharacters.
 */
void	html_text(struct html *h, struct str text);
/* A path, percent-encoded, for an attribute; HTML has no business with what
 * comes out. */
void	html_href(struct html *h, struct str path);

#endif
