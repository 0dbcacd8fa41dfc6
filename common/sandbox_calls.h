/*
 * sandbox_calls: the system calls that neither a worker nor a script of its
 * needs, by name, for both tables of numbers. C(name) is called for each.
 *
 * They are those that faults of kernels are found in again and again, and that
 * an ordinary user has little use for: other processes' memory, namespaces,
 * mounts, the kernel's own programs, modules, keys and rings.
 */
#ifndef COMMON_SANDBOX_CALLS_H
#define COMMON_SANDBOX_CALLS_H

#include <stddef.h>
#include <stdint.h>

/* A leak checker looks into its own process that way. */
#ifdef __SANITIZE_ADDRESS__
#define SANDBOX_TRACE(C)
#else
#define SANDBOX_TRACE(C) \
	C(ptrace)
#endif

#define SANDBOX_CALLS(C) \
	SANDBOX_TRACE(C) \
	C(process_vm_readv) C(process_vm_writev) C(kcmp) C(pidfd_getfd) \
	C(setns) C(mount) C(umount2) C(pivot_root) C(chroot) \
	C(open_tree) C(move_mount) C(fsopen) C(fsconfig) C(fsmount) C(fspick) \
	C(bpf) C(perf_event_open) C(userfaultfd) \
	C(io_uring_setup) C(io_uring_enter) C(io_uring_register) \
	C(add_key) C(request_key) C(keyctl) \
	C(init_module) C(finit_module) C(delete_module) C(kexec_load) \
	C(reboot) C(swapon) C(swapoff) C(acct) C(quotactl) \
	C(settimeofday) C(clock_settime) C(open_by_handle_at) \
	C(syslog) C(vhangup) C(lookup_dcookie)

/* The numbers of one kind of programs. */
struct sandbox_table {
	uint32_t arch;			/* AUDIT_ARCH_...; 0 = there is none */
	const uint32_t *denied;		/* n of them */
	size_t n;
	uint32_t clone, clone3, unshare;
};

/* Those of 32 bits on a machine of 64, which run there, too. */
extern const struct sandbox_table sandbox_table_32;

#endif
