/*
 * The numbers of system calls for i386: a file of its own, as they have the
 * names of ours.
 */
#include "common/sandbox_calls.h"

#ifdef __x86_64__
#include <asm/unistd_32.h>
#include <linux/audit.h>

#define NUMBER(name)	__NR_##name,

static const uint32_t denied[] = { SANDBOX_CALLS(NUMBER) };

const struct sandbox_table sandbox_table_32 = { .arch = AUDIT_ARCH_I386,
	.denied = denied, .n = sizeof(denied) / sizeof(denied[0]),
	.clone = __NR_clone, .clone3 = __NR_clone3, .unshare = __NR_unshare };
#else
const struct sandbox_table sandbox_table_32 = { .arch = 0 };
#endif
