/*
 * Privileges: found out by the master, given up by each worker.
 */
#include "master/priv.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/sandbox.h"

/* What the master's oom_score_adj was before it protected itself. */
static char oom_before[16];

int
priv_identify(struct identity *who, const struct conf *conf,
    struct conf_errors *errors)
{
	const struct passwd *user;

	*who = (struct identity){ .drop = geteuid() == 0 };
	if (!who->drop)
		return 0;
	user = getpwnam(conf->user);
	if (user == NULL) {
		conf_error(errors, &conf->user_pos, 0, NULL, "there is no user "
		    "\"%s\" here: name another one with \"user\"", conf->user);
		return -1;
	}
	if (user->pw_uid == 0 || user->pw_gid == 0) {
		conf_error(errors, &conf->user_pos, 0, NULL, "workers must not "
		    "run as root or in its group: name another user than "
		    "\"%s\"", conf->user);
		return -1;
	}
	who->uid = user->pw_uid;
	who->gid = user->pw_gid;
	return 0;
}

/* --- in a worker --- */

static int
refuse(const char *what)
{
	log_error("privileges: %s: %s", what, strerror(errno));
	return -1;
}

static int
become(const struct identity *who)
{
	if (setgroups(1, &who->gid) == -1)
		return refuse("setgroups");
	if (setresgid(who->gid, who->gid, who->gid) == -1)
		return refuse("setresgid");
	/* Fails with EAGAIN at the limit of processes (CVE-2013-4559). */
	if (setresuid(who->uid, who->uid, who->uid) == -1)
		return refuse("setresuid");
	return 0;
}

/* What the calls above said is not believed: look, and try to go back. */
static int
verify(const struct identity *who)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid, group;

	errno = EPERM;
	if (getresuid(&ruid, &euid, &suid) == -1 || ruid != who->uid ||
	    euid != who->uid || suid != who->uid)
		return refuse("the user is not what was asked for");
	if (getresgid(&rgid, &egid, &sgid) == -1 || rgid != who->gid ||
	    egid != who->gid || sgid != who->gid)
		return refuse("the group is not what was asked for");
	if (getgroups(1, &group) != 1 || group != who->gid)
		return refuse("there are groups left over");
	if (setuid(0) != -1 || setgid(0) != -1)
		return refuse("the way back to root is open");
	return 0;
}

/* A service manager may have started us with some as an ordinary user. */
static int
drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];

	memset(none, 0, sizeof(none));
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &header, none) == -1)
		return refuse("capset");
	return 0;
}

static int
confine(bool sandbox)
{
	static const struct rlimit no_core = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &no_core) == -1)
		return refuse("RLIMIT_CORE");
	if (!sandbox)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return refuse("PR_SET_NO_NEW_PRIVS");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		return refuse("PR_SET_DUMPABLE");
	if (sandbox_enter() == -1)
		log_debug("no system call is refused here: %s",
		    strerror(errno));
	return 0;
}

int
priv_drop(const struct identity *who, bool sandbox)
{
	if (who->drop && (become(who) == -1 || verify(who) == -1))
		return -1;
	if (drop_capabilities() == -1)
		return -1;
	return confine(sandbox);
}

/* --- in the master --- */

/* Whether who may make and remove names in the folder st describes. Groups
 * beside who->gid are given up, so they do not count. */
static bool
may_write(const struct identity *who, const struct stat *st)
{
	if (st->st_uid == who->uid)
		return true;
	if (st->st_gid == who->gid)
		return (st->st_mode & S_IWGRP) != 0;
	return (st->st_mode & S_IWOTH) != 0;
}

/* Above the folder itself a sticky bit is enough: it keeps what is root's. */
static bool
may_replace_in(const struct identity *who, const char *folder, bool above)
{
	struct stat st;

	if (stat(folder, &st) == -1 || !may_write(who, &st))
		return false;
	return !(above && (st.st_mode & S_ISVTX) != 0 && st.st_uid == 0);
}

/* Cuts the last component off an absolute path ("/a/b" to "/a", "/a" to "/").
 * Those of a configuration all are. */
static void
cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	assert(slash != NULL);
	slash[slash == path] = '\0';
}

bool
priv_may_enter(const struct identity *who, int dir)
{
	int status = 0;
	pid_t pid;

	if (!who->drop || (pid = fork()) == -1)
		return true;
	if (pid == 0) {
		if (become(who) == -1)
			_exit(0);
		_exit(faccessat(dir, ".", X_OK, AT_EACCESS) == -1 &&
		    errno == EACCES);
	}
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	return !WIFEXITED(status) || WEXITSTATUS(status) == 0;
}

bool
priv_may_replace(const struct identity *who, const char *path)
{
	bool may = false, above = false;
	char *folder, *real;

	if (!who->drop)
		return false;
	folder = strdup(path);
	if (folder == NULL)
		return true;
	cut_last(folder);
	real = realpath(folder, NULL);
	free(folder);
	/* A folder that is not there is another mistake, told elsewhere. */
	while (real != NULL && !may) {
		may = may_replace_in(who, real, above);
		if (strcmp(real, "/") == 0)
			break;
		cut_last(real);
		above = true;
	}
	free(real);
	return may;
}

/* May a name be made in folder; or it, when make is set? */
static int
cannot_create(char *folder, bool make)
{
	struct stat st;

	if (stat(folder, &st) == -1) {
		if (errno != ENOENT || !make)
			return errno;
		cut_last(folder);
		return cannot_create(folder, false);
	}
	if (!S_ISDIR(st.st_mode))
		return ENOTDIR;
	return faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == -1 ?
	    errno : 0;
}

int
priv_cannot_write(const char *path, bool make_folder)
{
	struct stat st;
	char *folder;
	int error;

	if (lstat(path, &st) == 0) {
		if (S_ISLNK(st.st_mode))
			return ELOOP;
		if (S_ISDIR(st.st_mode))
			return EISDIR;
		return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == -1 ?
		    errno : 0;
	}
	if (errno != ENOENT)
		return errno;
	folder = strdup(path);
	if (folder == NULL)
		return ENOMEM;
	cut_last(folder);
	error = cannot_create(folder, make_folder && geteuid() == 0);
	free(folder);
	return error;
}

void
priv_make_folder_of(const char *path)
{
	char *folder;
	mode_t mask;

	if (geteuid() != 0 || (folder = strdup(path)) == NULL)
		return;
	cut_last(folder);
	mask = umask(022);
	(void)mkdir(folder, 0755);
	(void)umask(mask);
	free(folder);
}

void
priv_raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 ||
	    limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
		log_warn("cannot raise the limit of descriptors: %s",
		    strerror(errno));
}

static void
write_oom(const char *text, size_t n)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd == -1)
		return;
	/* A container may forbid it; then nothing has changed. */
	if (write(fd, text, n) == -1)
		oom_before[0] = '\0';
	(void)close(fd);
}

void
priv_protect_from_oom(void)
{
	int fd;
	ssize_t n;

	if (geteuid() != 0)
		return;
	fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return;
	n = read(fd, oom_before, sizeof(oom_before) - 1);
	(void)close(fd);
	if (n <= 0)
		return;
	oom_before[n] = '\0';
	write_oom("-500", 4);
}

void
priv_expose_to_oom(void)
{
	if (oom_before[0] != '\0')
		write_oom(oom_before, strlen(oom_before));
}
