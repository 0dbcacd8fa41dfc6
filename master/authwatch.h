/*
 * authwatch: files of users, looked at once a second, and handed on when they
 * have changed. So the process that checks passwords needs no right to read
 * them, and a file of root's may be replaced at any time.
 */
#ifndef MASTER_AUTHWATCH_H
#define MASTER_AUTHWATCH_H

#include <stdbool.h>

struct authwatch;
struct conf;

/* For the files of conf, which must outlive it; NULL when memory is short. */
struct authwatch *authwatch_new(const struct conf *conf);
void	authwatch_free(struct authwatch *w);
/* A new process takes them all from the beginning. */
void	authwatch_restart(struct authwatch *w);
/* Looks whether any has changed, at most once a second. */
void	authwatch_look(struct authwatch *w);
/* Hands on what is due over channel; true when nothing is left. */
bool	authwatch_send(struct authwatch *w, int channel);

#endif
