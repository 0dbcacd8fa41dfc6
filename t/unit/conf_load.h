/*
 * conf_load: for tests of the configuration: a folder of their own, files in
 * it, and what loading them says.
 */
#ifndef T_UNIT_CONF_LOAD_H
#define T_UNIT_CONF_LOAD_H

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/conf.h"
#include "t/unit/tap.h"

static char start_dir[4096], test_dir[] = "/tmp/pyked-conf-XXXXXX";
static struct conf_errors errors;

/* Into a new folder; file names in messages are short there. */
__attribute__((unused)) static void
enter(void)
{
	if (getcwd(start_dir, sizeof(start_dir)) == NULL ||
	    mkdtemp(test_dir) == NULL || chdir(test_dir) == -1) {
		printf("Bail out! no folder to work in\n");
		exit(1);
	}
}

__attribute__((unused)) static void
leave(void)
{
	char command[64];

	conf_errors_free(&errors);
	(void)snprintf(command, sizeof(command), "rm -rf %s", test_dir);
	if (chdir(start_dir) == -1 || system(command) != 0)
		printf("# %s is left behind\n", test_dir);
}

__attribute__((unused)) static void
write_bytes(const char *name, const char *text, size_t n)
{
	FILE *f = fopen(name, "w");

	if (f == NULL || fwrite(text, 1, n, f) != n || fclose(f) != 0) {
		printf("Bail out! cannot write %s\n", name);
		exit(1);
	}
}

__attribute__((unused)) static void
write_file(const char *name, const char *text)
{
	write_bytes(name, text, strlen(text));
}

/* What the last load said. */
__attribute__((unused)) static const char *
said(void)
{
	if (buf_len(&errors.text) == 0 || buf_reserve(&errors.text, 1) == -1)
		return "";
	*buf_tail(&errors.text) = '\0';
	return buf_head(&errors.text);
}

/* text on one line, to name a test. */
__attribute__((unused)) static const char *
name_of(const char *text)
{
	static char name[61];
	size_t i;

	for (i = 0; i < sizeof(name) - 1 && text[i] != '\0'; i++)
		name[i] = text[i] < ' ' || text[i] == '#' ? ' ' : text[i];
	name[i] = '\0';
	return name;
}

/* Loads text as pyked.conf; conf_free what comes back. */
__attribute__((unused)) static struct conf *
load(const char *text)
{
	conf_errors_free(&errors);
	write_file("pyked.conf", text);
	return conf_load("pyked.conf", &errors);
}

/* text must load; NULL is impossible to go on with. */
__attribute__((unused)) static struct conf *
must_load(const char *text)
{
	struct conf *conf = load(text);

	if (conf == NULL) {
		printf("Bail out! should load:\n%s\n%s\n", text, said());
		exit(1);
	}
	return conf;
}

/* text must load, or not and say exactly that, n mistakes in all. */
__attribute__((unused)) static void
good(const char *text)
{
	struct conf *conf = load(text);

	if (!ok(conf != NULL && errors.n == 0, "good: %s", name_of(text)))
		fprintf(stderr, "said: %s\n", said());
	conf_free(conf);
}

__attribute__((unused)) static void
bad(const char *text, unsigned n, const char *expected)
{
	struct conf *conf = load(text);

	if (!ok(conf == NULL && errors.n == n &&
	    strcmp(said(), expected) == 0, "bad: %s", name_of(text)))
		fprintf(stderr, "said: %s\nnot: %s\n", said(), expected);
	conf_free(conf);
}

/* text must not load, for one reason, of which part is said. */
__attribute__((unused)) static void
bad_part(const char *text, const char *part)
{
	struct conf *conf = load(text);

	if (!ok(conf == NULL && errors.n == 1 && strstr(said(), part) != NULL,
	    "bad: %s", name_of(text)))
		fprintf(stderr, "said: %s\nnot: %s\n", said(), part);
	conf_free(conf);
}

#endif
