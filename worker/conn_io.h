/*
 * conn_io: moves a connection's bytes, one round of the pump at a time. For
 * conn.c; the protocol's part of it is in conn.h.
 */
#ifndef WORKER_CONN_IO_H
#define WORKER_CONN_IO_H

#include <stdbool.h>

struct conn;

/* Reads, lets the protocol step, and writes, each as far as it goes at once.
 * True when anything moved; c->failed and c->eof say what was met. */
bool	conn_round(struct conn *c);
/* Is there room and reason to read? */
bool	conn_wants_read(const struct conn *c);

#endif
