/* Looks into /proc. */
#include "common/proc.h"

#include <sys/prctl.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/str.h"

/* pid, name of at most 64 bytes in parentheses, state, 19 numbers. */
#define STAT_HEAD	512
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

int
proc_children(proc_fn *fn, void *arg)
{
	struct children c = { .fn = fn, .arg = arg };

	return proc_all(try_child, &c);
}

void
proc_become_subreaper(void)
{
	/* Without it (no Linux), orphans go to init as they always did. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
}
