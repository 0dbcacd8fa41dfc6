/* From arguments to the text of a configuration. */
#include "master/arguments.h"

#include <sys/stat.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "master/arguments_text.h"
#include "master/path.h"
#include "master/words.h"

int
arguments_wrong(int status, const char *fmt, ...)
{
	va_list ap;

	(void)fputs("pyked: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputs("\n", stderr);
	return status;
}

/* What no file may hold cannot be shown on a terminal either. */
int
arguments_refuse_name(const char *file)
{
	char text[512];
	size_t n = log_escape(text, sizeof(text) - 1, file, strlen(file));

	text[n] = '\0';
	return arguments_wrong(EXIT_USAGE, "\"%s\" has a control character in "
	    "it: give it another name", text);
}

int
arguments_put_path(struct buf *text, const char *name, const char *file)
{
	char *path = path_absolute(file);
	int bad;

	if (path == NULL)
		return EXIT_FAILURE;
	bad = buf_printf(text, "%s ", name) | conf_quote(path, text) |
	    buf_puts(text, "\n");
	free(path);
	return bad == 0 ? 0 : arguments_refuse_name(file);
}

int
arguments_put_log(struct buf *text, const char *file)
{
	int status;

	(void)buf_puts(text, "log {\n");
	if ((status = arguments_put_path(text, "access", file)) == 0)
		status = arguments_put_path(text, "error", file);
	(void)buf_puts(text, "}\n");
	return status;
}

static int
tell_neither(const char *word)
{
	const char *near = words_nearest(word);

	if (strcmp(word, "start") == 0 || strcmp(word, "restart") == 0)
		return arguments_wrong(EXIT_USAGE, "there is no word \"%s\": "
		    "without one pyked starts, and \"pyked reload\" renews "
		    "one that runs", word);
	if (near != NULL)
		return arguments_wrong(EXIT_USAGE, "there is no word \"%s\"; "
		    "did you mean \"%s\"?", word, near);
	return arguments_wrong(EXIT_USAGE, "\"%s\" is neither a folder to "
	    "serve, nor a log file (it would end in .log), nor a word "
	    "(\"pyked -h\" lists them)", word);
}

static int
read_one(struct arguments *a, const char *word, bool tls)
{
	struct stat st = { .st_mode = 0 };
	bool there = stat(word, &st) == 0;

	if (there && S_ISDIR(st.st_mode))
		return arguments_folder(a, word, tls);
	if (tls)
		return arguments_wrong(EXIT_USAGE, "--tls is for a folder, and "
		    "\"%s\" is none", word);
	if (str_ends(str_from(word), STR(".conf")))
		return arguments_wrong(EXIT_USAGE, "\"%s\" looks like a "
		    "configuration: did you mean \"pyked -c %s\"?", word,
		    word);
	if ((there && S_ISREG(st.st_mode)) ||
	    str_ends(str_from(word), STR(".log")))
		return arguments_log(a, word);
	return tell_neither(word);
}

int
arguments_read(struct arguments *a, int n, char **words)
{
	int status;

	*a = (struct arguments){ .certificate = -1 };
	if (n == 1)
		status = read_one(a, words[0], false);
	else if (n == 2 && strcmp(words[1], "--tls") == 0)
		status = read_one(a, words[0], true);
	else if (n == ARGUMENTS_OLD)
		status = arguments_old(a, words);
	else
		return arguments_wrong(EXIT_USAGE, "%d arguments are neither "
		    "one (a word, a folder or a log file) nor %d", n,
		    ARGUMENTS_OLD);
	if (status == 0 && (buf_put(&a->text, "", 1) == -1 ||
	    buf_put(&a->greeting, "", 1) == -1))
		status = arguments_wrong(EXIT_FAILURE, "out of memory");
	return status;
}

void
arguments_free(struct arguments *a)
{
	buf_free(&a->text);
	buf_free(&a->greeting);
	if (a->certificate != -1)
		(void)close(a->certificate);
}
