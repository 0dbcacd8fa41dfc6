/*
 * score: names the requests being served on the scoreboard, so that the master
 * can say what a worker was doing when it died.
 */
#ifndef WORKER_SCORE_H
#define WORKER_SCORE_H

#include "common/scoreboard.h"

struct request;

/* Once per process. */
void	score_open(struct scoreboard *board);
/* Takes a slot for r and fills it in; without a free one r is not named. */
void	score_begin(struct request *r);
/* What is being done for r; harmless without a slot. */
void	score_phase(struct request *r, enum score_phase phase);
/* Gives the slot back. */
void	score_end(struct request *r);

#endif
