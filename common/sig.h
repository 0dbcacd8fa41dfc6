/*
 * sig: signals as flags, admitted only inside pselect().
 *
 * All signals a process handles stay blocked; the wait lets them in with
 * sig_wait_mask(). A handler sets one flag and nothing else.
 */
#ifndef COMMON_SIG_H
#define COMMON_SIG_H

#include <signal.h>
#include <stdbool.h>

/* At program start: every disposition to default, SIGPIPE ignored, the mask
 * emptied and then every handled signal blocked. */
void	sig_reset(void);
/* Catches signo (it sets a flag) or ignores it. */
void	sig_catch(int signo);
void	sig_ignore(int signo);
/* Was signo seen since the last call? Clears its flag. */
bool	sig_take(int signo);
/* The mask for pselect(): nothing is blocked. */
const sigset_t *sig_wait_mask(void);
/*
 * In a child, between fork or vfork and exec: what was caught or ignored since
 * sig_reset is at its default again, as all else is since then; the mask is
 * left as it is. Async-signal-safe; writes nothing.
 */
void	sig_default_ours(void);

#endif
