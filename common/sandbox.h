/*
 * sandbox: system calls that a worker, and the scripts it starts, can do
 * without are refused to them: EPERM, as for want of a right.
 *
 * Linux alone has it (seccomp). Whoever takes a worker over has a smaller
 * kernel to attack; scripts inherit it, few of which will ever notice.
 */
#ifndef COMMON_SANDBOX_H
#define COMMON_SANDBOX_H

/*
 * For good, for this process and all that it starts. It must have said already
 * that it wants no new privileges. 0, or -1 with errno: this kernel cannot do
 * it.
 */
int	sandbox_enter(void);

#endif
