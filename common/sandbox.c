/*
 * The filter: a program for the kernel, made of two tables of numbers.
 */
#include "common/sandbox.h"

#include <sys/syscall.h>

#include <assert.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <unistd.h>

#include "common/sandbox_calls.h"

#define NUMBER(name)	SYS_##name,
#define CODE_MAX	256	/* no jump could be longer */
#define X32_BIT		0x40000000u

#if defined(__x86_64__)
#define ARCH		AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH		AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH		AUDIT_ARCH_RISCV64
#else
#define ARCH		0
#endif

/* Of clone(2) and unshare(2): worlds of its own, in which an ordinary user is
 * root and comes to parts of the kernel that no other does. */
#define NAMESPACES	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | \
			CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
			CLONE_NEWNET)

#define LOAD(field)	BPF_LD | BPF_W | BPF_ABS, 0, 0, \
			offsetof(struct seccomp_data, field)

struct program {
	struct sock_filter code[2 * CODE_MAX];
	unsigned short n;
};

static const uint32_t denied[] = { SANDBOX_CALLS(NUMBER) };

static const struct sandbox_table table_native = { .arch = ARCH,
	.denied = denied, .n = sizeof(denied) / sizeof(denied[0]),
	.clone = SYS_clone, .clone3 = SYS_clone3, .unshare = SYS_unshare };

static void
put(struct program *p, uint16_t code, uint8_t yes, uint8_t no, uint32_t k)
{
	assert(p->n < sizeof(p->code) / sizeof(p->code[0]));
	p->code[p->n++] = (struct sock_filter){ code, yes, no, k };
}

static void
give(struct program *p, uint32_t verdict)
{
	put(p, BPF_RET | BPF_K, 0, 0, verdict);
}

static void
refuse(struct program *p, uint32_t number, int error)
{
	put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, number);
	give(p, SECCOMP_RET_ERRNO | (uint32_t)error);
}

/* With these flags alone, which are in the first argument; it is over then. */
static void
refuse_namespaces(struct program *p, uint32_t number)
{
	put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 4, number);
	put(p, LOAD(args[0]));
	put(p, BPF_JMP | BPF_JSET | BPF_K, 0, 1, NAMESPACES);
	give(p, SECCOMP_RET_ERRNO | EPERM);
	give(p, SECCOMP_RET_ALLOW);
}

/* All that is said of calls of that kind; those of others skip it. */
static void
put_table(struct program *p, const struct sandbox_table *t)
{
	unsigned short start = p->n;

	put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, t->arch);
	put(p, LOAD(nr));
	if (t == &table_native && ARCH == AUDIT_ARCH_X86_64) {
		put(p, BPF_JMP | BPF_JGE | BPF_K, 0, 1, X32_BIT);
		give(p, SECCOMP_RET_ERRNO | ENOSYS);
	}
	for (size_t i = 0; i < t->n; i++)
		refuse(p, t->denied[i], EPERM);
	/* Its flags are in memory, where nothing can look at them. Who is told
	 * that there is no such call takes clone. */
	refuse(p, t->clone3, ENOSYS);
	refuse_namespaces(p, t->unshare);
	refuse_namespaces(p, t->clone);
	give(p, SECCOMP_RET_ALLOW);
	assert(p->n - start - 1 < CODE_MAX);
	p->code[start].jf = (uint8_t)(p->n - start - 1);
}

static int
install(const struct program *p)
{
	struct sock_fprog prog = { .len = p->n,
	    .filter = (struct sock_filter *)(uintptr_t)p->code };

	/* Without the flag older kernels make all that it does slower. */
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_SPEC_ALLOW, &prog) == 0)
		return 0;
	if (errno != EINVAL)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
}

int
sandbox_enter(void)
{
	struct program p = { .n = 0 };

	if (ARCH == 0) {
		errno = ENOSYS;
		return -1;
	}
	put(&p, LOAD(arch));
	put_table(&p, &table_native);
	if (sandbox_table_32.arch != 0)
		put_table(&p, &sandbox_table_32);
	give(&p, SECCOMP_RET_ERRNO | EPERM);
	return install(&p);
}
