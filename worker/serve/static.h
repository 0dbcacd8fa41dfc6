/*
 * static: regular files below a root.
 */
#ifndef WORKER_SERVE_STATIC_H
#define WORKER_SERVE_STATIC_H

#include "worker/serve/handler.h"

/* A file, the index or the listing of a directory, or the redirect to its
 * slash. */
extern const struct handler handler_static;

#endif
