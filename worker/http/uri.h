/*
 * uri: from the raw path of a request-target to the path it means (RFC 3986):
 * decoded once, dot segments removed, empty segments collapsed. Pure.
 */
#ifndef WORKER_HTTP_URI_H
#define WORKER_HTTP_URI_H

#include <stdbool.h>
#include <stddef.h>

#include "common/str.h"

/*
 * Decodes raw (which begins with '/') into out, which has room for raw.n
 * bytes. 0 and *n, or the status to answer: 400 for bad percent-encoding,
 * control bytes (encoded too), raw bytes past ASCII, a raw '#', backslash or
 * space, or a path that climbs above "/"; 404 for an encoded slash.
 * What comes out begins with exactly one '/'; a slash at the end is kept, and
 * left by a dot segment there. It is not decoded again by anyone.
 */
int	uri_path(struct str raw, char *out, size_t *n);

/* Does any segment begin with a dot, ".well-known" at the top aside? */
bool	uri_has_dot_segment(struct str path);

/*
 * Percent-encodes path for a Location or a link: everything but unreserved
 * characters, '/', '@' and the sub-delims that mean nothing in HTML, in a
 * header or at the start of a relative link. Needs room for 3 * path.n bytes;
 * returns the bytes written.
 */
size_t	uri_encode(struct str path, char *out);

#endif
