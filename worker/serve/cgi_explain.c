/*
 * Why a script could not be started. execve says little: for ENOENT it is as
 * often the interpreter that is missing, for EACCES there are four reasons. So
 * the program is looked at once more; nothing but the text depends on it.
 */
#include "worker/serve/cgi_explain.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/conf.h"
#include "worker/serve/cgi_log.h"
#include "worker/serve/cgi_script.h"
#include "worker/serve/cgi_spawn.h"

#define HEAD_MAX	256	/* of a first line, as the kernel reads it */

/* A program that could not be run. */
struct program {
	const struct cgi_script *s;
	const char *path;		/* for people */
	char head[HEAD_MAX + 1];	/* how it begins, and a NUL */
	size_t n;
	struct stat st;
	bool there;			/* st is filled in */
	bool noexec;			/* where it is, nothing may be run */
};

#define SAY(s, ...) \
	cgi_script_log((s), LOG_LEVEL_ERROR, "cannot be run: " __VA_ARGS__)

static void
look_at(struct program *p, int folder, const char *exec)
{
	int fd = openat(folder, exec, O_PATH | O_CLOEXEC);
	struct statvfs fs;
	ssize_t n;

	if (fd == -1)
		return;
	p->there = fstat(fd, &p->st) == 0;
	p->noexec = fstatvfs(fd, &fs) == 0 && (fs.f_flag & ST_NOEXEC) != 0;
	(void)close(fd);
	fd = openat(folder, exec, O_RDONLY | O_NONBLOCK | O_NOCTTY |
	    O_CLOEXEC);
	if (fd == -1)
		return;
	n = pread(fd, p->head, HEAD_MAX, 0);
	(void)close(fd);
	p->n = n < 0 ? 0 : (size_t)n;
}

/* The interpreter that the first line names, cut out of head; NULL when there
 * is no such line. *crlf is set when the line ends like on Windows. */
static const char *
find_interpreter(struct program *p, bool *crlf)
{
	char *name, *end;

	if (p->n < 3 || memcmp(p->head, "#!", 2) != 0)
		return NULL;
	name = p->head + 2 + strspn(p->head + 2, " \t");
	end = name + strcspn(name, " \t\r\n");
	*crlf = *end == '\r';
	*end = '\0';
	return name;
}

/* --- programs in machine code --- */

static bool
read_elf(const char *head, size_t n, Elf64_Ehdr *elf)
{
	if (n < sizeof(*elf) || memcmp(head, ELFMAG, SELFMAG) != 0)
		return false;
	memcpy(elf, head, sizeof(*elf));
	return true;
}

static const char *
machine_name(unsigned machine)
{
	static const struct {
		unsigned machine;
		const char *name;
	} names[] = {
		{ EM_386, "i386" }, { EM_ARM, "arm" }, { EM_X86_64, "x86-64" },
		{ EM_AARCH64, "aarch64" }, { EM_RISCV, "riscv" },
		{ EM_PPC64, "ppc64" }, { EM_S390, "s390" },
		{ EM_MIPS, "mips" }
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].machine == machine)
			return names[i].name;
	return "another machine";
}

/* This machine's name, as this program was built for it. */
static const char *
own_machine(void)
{
	char head[sizeof(Elf64_Ehdr)];
	Elf64_Ehdr elf;
	ssize_t n = -1;
	int fd;

	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fd != -1) {
		n = read(fd, head, sizeof(head));
		(void)close(fd);
	}
	return n > 0 && read_elf(head, (size_t)n, &elf) ?
	    machine_name(elf.e_machine) : "this machine";
}

/* --- what execve said --- */

static void
explain_format(struct program *p)
{
	const char *interpreter;
	Elf64_Ehdr elf;
	bool crlf;

	if (p->there && p->st.st_size == 0)
		SAY(p->s, "%s is empty", p->path);
	else if (read_elf(p->head, p->n, &elf))
		SAY(p->s, "%s is a program for %s, this machine is %s: "
		    "compile it here", p->path, machine_name(elf.e_machine),
		    own_machine());
	else if ((interpreter = find_interpreter(p, &crlf)) != NULL)
		SAY(p->s, "its #! line names the interpreter %s, which is no "
		    "program", interpreter);
	else
		SAY(p->s, "%s is no program and has no #! line: begin it with "
		    "a line like #!/bin/sh", p->path);
}

static void
explain_missing(struct program *p)
{
	const char *interpreter;
	Elf64_Ehdr elf;
	bool crlf;

	if (!p->there) {
		SAY(p->s, "%s is not there any more", p->path);
	} else if (read_elf(p->head, p->n, &elf)) {
		SAY(p->s, "the loader that %s needs is not there: link it "
		    "statically (-static), or install its libraries", p->path);
	} else if ((interpreter = find_interpreter(p, &crlf)) == NULL) {
		SAY(p->s, "%s: %s", p->path, strerror(ENOENT));
	} else if (crlf) {
		SAY(p->s, "the #! line of %s ends in CR LF, so that the "
		    "interpreter would be \"%s\\r\": save it with LF alone "
		    "(sed -i 's/\\r$//')", p->path, interpreter);
	} else {
		SAY(p->s, "its #! line names the interpreter %s, which does "
		    "not exist: install it, or correct the line",
		    interpreter);
	}
}

static void
explain_denied(struct program *p)
{
	const char *interpreter;
	struct stat st;
	bool crlf;

	if (p->noexec) {
		SAY(p->s, "%s is on a file system that is mounted noexec: "
		    "move it to another, or mount that one with exec",
		    p->path);
		return;
	}
	interpreter = find_interpreter(p, &crlf);
	if (interpreter != NULL && stat(interpreter, &st) == 0 &&
	    faccessat(AT_FDCWD, interpreter, X_OK, AT_EACCESS) == -1)
		SAY(p->s, "its #! line names the interpreter %s, which the "
		    "workers' user may not run: chmod 755 %s", interpreter,
		    interpreter);
	else if (p->there)
		SAY(p->s, "the workers' user may not run %s (its mode is "
		    "%04o): mend it with chmod 755", p->path,
		    (unsigned)p->st.st_mode & 07777);
	else
		SAY(p->s, "%s: %s", p->path, strerror(EACCES));
}

static void
explain_exec(const struct cgi_script *s, int folder, int error)
{
	struct program p = { .s = s, .path = s->target.interpreter != NULL ?
	    s->target.interpreter : s->target.filename };

	look_at(&p, folder, s->target.exec);
	switch (error) {
	case ENOEXEC:
		explain_format(&p);
		break;
	case ENOENT:
		explain_missing(&p);
		break;
	case EACCES:
		explain_denied(&p);
		break;
	case ETXTBSY:
		SAY(s, "%s is open for writing: write a new file beside it and "
		    "rename that", p.path);
		break;
	default:
		SAY(s, "%s: %s", p.path, strerror(error));
		break;
	}
}

void
cgi_explain_start(const struct cgi_script *s, int folder,
    const struct cgi_spawn_failure *why)
{
	const char *name = s->target.filename;

	if (strcmp(why->step, "execve") == 0)
		explain_exec(s, folder, why->error);
	else if (strcmp(why->step, "fchdir") == 0 && why->error == EACCES)
		SAY(s, "the workers' user may not enter the folder of %s: mend "
		    "it with chmod 755", name);
	else if (strcmp(why->step, "fork") == 0)
		cgi_script_log(s, LOG_LEVEL_ERROR, "cannot be started: no "
		    "process can be made: %s", strerror(why->error));
	else
		cgi_script_log(s, LOG_LEVEL_ERROR, "cannot be started: %s: %s",
		    why->step, strerror(why->error));
}

/* --- before there is a start --- */

void
cgi_explain_path(struct request *r, const struct conf_dir *dir,
    struct str path, int error)
{
	/* Who may not look at a name may not enter the folder it is in. */
	const char *slash = memrchr(path.p, '/', path.n);

	if (error == EACCES)
		cgi_log_request(r, LOG_LEVEL_ERROR, "the workers' user may not "
		    "enter the folder %s%s%.*s: mend it with chmod 755",
		    dir->path, slash == NULL ? "" : "/",
		    slash == NULL ? 0 : (int)(slash - path.p), path.p);
	else if (error == ELOOP)
		cgi_log_request(r, LOG_LEVEL_WARN, "a symbolic link below %s "
		    "is not followed (symlinks)", dir->path);
	else if (error == EXDEV)
		cgi_log_request(r, LOG_LEVEL_WARN, "a link leads out of the "
		    "folder %s: name that place in the configuration instead",
		    dir->path);
	else
		cgi_log_request(r, LOG_LEVEL_ERROR, "%s/%.*s: %s", dir->path,
		    (int)path.n, path.p, strerror(error));
}

void
cgi_explain_mode(struct request *r, const struct conf_dir *dir,
    struct str path)
{
	cgi_log_request(r, LOG_LEVEL_ERROR, "cannot be run: %s/%.*s is not "
	    "executable: mend it with chmod +x", dir->path, (int)path.n,
	    path.p);
}
