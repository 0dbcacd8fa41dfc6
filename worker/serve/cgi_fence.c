/*
 * The fence is a domain of Linux's Landlock, one for each script, with a scope
 * for signals. That is the sixth version of its interface, younger than many
 * a system's headers, so what is needed of them is written down here.
 */
#include "worker/serve/cgi_fence.h"

#include <errno.h>

#ifdef __linux__

#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset	444	/* on every architecture */
#define SYS_landlock_restrict_self	446
#endif

#define CREATE_VERSION	1u		/* a flag: ask for the version */
#define SCOPE_VERSION	6		/* the first that knows scopes */
#define SCOPE_SIGNAL	((uint64_t)1 << 1)

/* struct landlock_ruleset_attr. */
struct ruleset {
	uint64_t files;
	uint64_t network;
	uint64_t scoped;
};

int
cgi_fence_open(void)
{
	static const struct ruleset signals = { .scoped = SCOPE_SIGNAL };

	/* Who may still gain privileges cannot be fenced in. */
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return -1;
	if (syscall(SYS_landlock_create_ruleset, NULL, (size_t)0,
	    CREATE_VERSION) < SCOPE_VERSION)
		return -1;
	/* It closes on exec from birth. */
	return (int)syscall(SYS_landlock_create_ruleset, &signals,
	    sizeof(signals), 0);
}

int
cgi_fence_enter(int fence)
{
	return (int)syscall(SYS_landlock_restrict_self, fence, 0);
}

#else

int
cgi_fence_open(void)
{
	return -1;
}

int
cgi_fence_enter(int fence)
{
	(void)fence;
	errno = ENOSYS;
	return -1;
}

#endif
