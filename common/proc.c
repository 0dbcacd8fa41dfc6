/* Looks into /proc. */
#include "common/proc.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/str.h"

/* pid, name of at most 64 bytes in parentheses, state, 19 numbers. */
#define STAT_HEAD	512
/* Of status, to the number of threads; many groups may come before it. */
#define STATUS_HEAD	16384
/* Between the session and the start. */
#define STAT_SKIPPED	15

static int
take_word(struct str *s, struct str *word)
{
	const char *space = memchr(s->p, ' ', s->n);

	if (space == NULL)
		return -1;
	*word = (struct str){ s->p, (size_t)(space - s->p) };
	s->n -= word->n + 1;
	s->p = space + 1;
	return 0;
}

static int
take_number(struct str *s, pid_t *out)
{
	struct str word;
	uint64_t v;

	if (take_word(s, &word) == -1 || str_u64(word, INT32_MAX, &v) == -1)
		return -1;
	*out = (pid_t)v;
	return 0;
}

/* A process gives itself its name, parentheses and all: only the last one
 * ends it. */
static int
parse_stat(struct str line, struct proc_info *out)
{
	const char *end = memrchr(line.p, ')', line.n);
	struct str rest, word;
	pid_t group;
	int i;

	if (end == NULL || line.n - (size_t)(end - line.p) < 2)
		return -1;
	rest = (struct str){ end + 2, line.n - (size_t)(end + 2 - line.p) };
	if (take_word(&rest, &word) == -1 || word.n != 1)
		return -1;
	out->state = word.p[0];
	if (take_number(&rest, &out->parent) == -1 ||
	    take_number(&rest, &group) == -1 ||
	    take_number(&rest, &out->session) == -1)
		return -1;
	for (i = 0; i <= STAT_SKIPPED; i++)
		if (take_word(&rest, &word) == -1)
			return -1;
	return str_u64(word, UINT64_MAX, &out->start);
}

/* The beginning of a small file of a process: its length, or -1. */
static ssize_t
read_file(pid_t pid, const char *file, char *text, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	n = read(fd, text, size);
	(void)close(fd);
	return n;
}

int
proc_read(pid_t pid, struct proc_info *out)
{
	char line[STAT_HEAD];
	ssize_t n = read_file(pid, "stat", line, sizeof(line));

	*out = (struct proc_info){ .pid = pid };
	if (n <= 0)
		return -1;
	return parse_stat((struct str){ line, (size_t)n }, out);
}

static bool
is_dead(const struct proc_info *info)
{
	return info->state == 'Z' || info->state == 'X';
}

bool
proc_is_alive(const struct proc_info *info)
{
	struct proc_info now;

	return proc_read(info->pid, &now) == 0 && now.start == info->start &&
	    !is_dead(&now);
}

void
proc_name(pid_t pid, char name[PROC_NAME])
{
	ssize_t i, n = read_file(pid, "comm", name, PROC_NAME - 1);

	if (n <= 0)
		name[0] = '?';
	n = n <= 0 ? 1 : n - (name[n - 1] == '\n');
	name[n] = '\0';
	for (i = 0; i < n; i++)
		if (name[i] < ' ' || name[i] > '~')
			name[i] = '?';
}

int
proc_all(proc_info_fn *fn, void *arg)
{
	struct dirent *entry;
	struct proc_info info;
	uint64_t pid;
	DIR *proc = opendir("/proc");

	if (proc == NULL)
		return -1;
	while ((entry = readdir(proc)) != NULL) {
		if (str_u64(str_from(entry->d_name), INT32_MAX, &pid) == -1)
			continue;
		/* Gone meanwhile: that is no failure. */
		if (proc_read((pid_t)pid, &info) == 0)
			fn(&info, arg);
	}
	(void)closedir(proc);
	return 0;
}

/* --- children --- */

/* Of a list of children, read at once; a longer one needs the whole /proc. */
#define CHILDREN_MAX	4096

struct children {
	proc_fn *fn;
	void *arg;
};

static void
try_child(const struct proc_info *info, void *arg)
{
	const struct children *c = arg;

	if (info->parent == getpid() && !is_dead(info))
		c->fn(info->pid, info->session, c->arg);
}

/* A child that has died stays a child until it is waited for. */
static bool
is_zombie(pid_t child)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)child, &info,
	    WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == child;
}

static void
try_listed(struct str word, const struct children *c)
{
	uint64_t pid;
	pid_t session;

	if (str_u64(word, INT32_MAX, &pid) == -1)
		return;
	session = getsid((pid_t)pid);
	if (session != -1 && !is_zombie((pid_t)pid))
		c->fn((pid_t)pid, session, c->arg);
}

/* The kernel's own list of them: 0, or -1 where it has none (it is an option
 * of Linux) or it is too long. It has a process's children of its main
 * thread; those that wait for children here have no other. */
static int
list_children(const struct children *c)
{
	char file[64], text[CHILDREN_MAX];
	struct str rest, word;
	ssize_t n;

	(void)snprintf(file, sizeof(file), "task/%ld/children",
	    (long)getpid());
	n = read_file(getpid(), file, text, sizeof(text));
	if (n == -1 || n == sizeof(text))
		return -1;
	rest = (struct str){ text, (size_t)n };
	while (take_word(&rest, &word) == 0)
		try_listed(word, c);
	return 0;
}

int
proc_children(proc_fn *fn, void *arg)
{
	struct children c = { .fn = fn, .arg = arg };

	return list_children(&c) == 0 ? 0 : proc_all(try_child, &c);
}

/* --- tasks --- */

struct tasks {
	uid_t uid;
	unsigned n;
};

/* The first number behind a name in a text like "Uid:\t33\t33\n"; 0 without
 * it, too. */
static uint64_t
status_number(const char *text, const char *name)
{
	const char *p = strstr(text, name);
	uint64_t v = 0;
	size_t n;

	if (p == NULL)
		return 0;
	p += strlen(name);
	p += strspn(p, " \t");
	n = strspn(p, "0123456789");
	return str_u64((struct str){ p, n }, UINT32_MAX, &v) == -1 ? 0 : v;
}

static void
add_tasks(const struct proc_info *info, void *arg)
{
	struct tasks *t = arg;
	char text[STATUS_HEAD];
	ssize_t n = read_file(info->pid, "status", text, sizeof(text) - 1);

	if (n <= 0)
		return;
	text[n] = '\0';
	/* A name that a process gave itself comes before, but has no line
	 * end in it. */
	if (status_number(text, "\nUid:") == t->uid)
		t->n += (unsigned)status_number(text, "\nThreads:");
}

unsigned
proc_tasks_of(uid_t uid)
{
	struct tasks t = { .uid = uid };

	return proc_all(add_tasks, &t) == -1 ? 0 : t.n;
}

void
proc_become_subreaper(void)
{
	/* Without it (no Linux), orphans go to init as they always did. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
}
