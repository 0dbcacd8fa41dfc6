/*
 * logwriter: from the workers' rings into the log files.
 *
 * What is in a ring was written by a worker and is not believed: lines are
 * copied out, cleaned of control bytes and ended here.
 */
#ifndef MASTER_LOGWRITER_H
#define MASTER_LOGWRITER_H

#include <stdbool.h>

struct generation;
struct logs;
struct worker_process;

/* Takes some lines out of every ring of the list's workers; true when there
 * may be more. */
bool	logwriter_drain(struct logs *l, const struct generation *all);
/* Takes out everything a dead worker left, marking what is undecided; never
 * more than its rings hold, whoever may go on writing to them. */
void	logwriter_drain_dead(struct logs *l, struct worker_process *w);

#endif
