/*
 * ledger: every descriptor a worker may use is accounted for here first, so
 * that none is ever refused by the kernel half way through a request.
 *
 * total = connections + work: a connection costs one of the first kind; files
 * being sent and scripts' pipes are work.
 */
#ifndef WORKER_LEDGER_H
#define WORKER_LEDGER_H

#include <stdbool.h>

/*
 * Divides what RLIMIT_NOFILE leaves after reserved descriptors between at most
 * connections connections and the work they cause. Done once per process.
 */
void	ledger_open(unsigned connections, unsigned reserved);
/* Takes n descriptors for work; false when they are not to be had. */
bool	ledger_take(unsigned n);
void	ledger_give(unsigned n);
/* The same for one connection. */
bool	ledger_take_connection(void);
void	ledger_give_connection(void);
/* More than nine tenths of the connections are taken. */
bool	ledger_is_scarce(void);
unsigned ledger_connections(void);
unsigned ledger_connections_max(void);
/* All descriptors in use, as far as the ledger knows. */
unsigned ledger_used(void);

#endif
