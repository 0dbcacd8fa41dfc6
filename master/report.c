/*
 * A configuration, as -t and -T show it.
 */
#include "master/report.h"

#include <sys/resource.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "common/net.h"
#include "master/ask.h"
#include "master/changes.h"
#include "master/master.h"
#include "master/seek.h"

#define ANSWER_S	10	/* patience with the server that runs */

int
report_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_SUCCESS;
	(void)fprintf(stderr, "pyked: cannot write: %s\n", strerror(errno));
	return EXIT_FAILURE;
}

static void
print_listens(const struct conf *conf)
{
	char text[NET_ADDR_TEXT];
	size_t i;

	(void)printf("  listens");
	for (i = 0; i < conf->nlistens; i++) {
		(void)printf("%s %s%s", i == 0 ? "     " : ",",
		    conf_listen_text(&conf->listens[i], text),
		    conf->listens[i].tls ? " tls" : "");
	}
	(void)printf("\n");
}

/* What a worker may open, beside what its connections may come to. */
static void
print_budget(const struct conf *conf)
{
	struct rlimit limit = { 0 };
	unsigned long long have, want = conf->limits.connections;

	(void)getrlimit(RLIMIT_NOFILE, &limit);
	have = limit.rlim_cur;
	(void)printf("  descriptors  %llu for each worker, %llu connections\n",
	    have, want);
	if (have < 2 * want)
		(void)printf("               (a connection may need two or "
		    "more: raise the limit, ulimit -n)\n");
}

/* What would be different in the server that runs with file. */
static void
print_changes(const struct conf *conf, const char *file)
{
	struct buf was = { .p = NULL }, is = { .p = NULL },
	    text = { .p = NULL };
	struct sought master = seek_master(file, conf);

	if (master.pid != 0)
		(void)printf("  a reload     of process %ld would change",
		    (long)master.pid);
	if (master.pid != 0 && master.fd == -1)
		(void)printf(" what cannot be told: %s\n",
		    strerror(master.error));
	if (master.fd != -1 &&
	    ask(master.fd, "dump", ANSWER_S, &was) == EXIT_SUCCESS &&
	    conf_dump(conf, &is) == 0 &&
	    changes_put(buf_str(&was), buf_str(&is), &text) == 0)
		(void)printf("%s\n%.*s", buf_len(&text) == 0 ? " nothing" :
		    ":", (int)buf_len(&text), buf_head(&text));
	else if (master.fd != -1)
		(void)printf(" what it does not tell\n");
	buf_free(&was);
	buf_free(&is);
	buf_free(&text);
	seek_end(&master);
}

int
report_test(const struct conf *conf, const struct master_options *options,
    const struct identity *who)
{
	(void)printf("%s: the configuration is fine\n", options->file);
	print_listens(conf);
	(void)printf("  servers      %zu\n", conf->nservers);
	(void)printf("  workers      %u", conf->workers);
	if (who->drop)
		(void)printf(", as %s", conf->user);
	(void)printf("\n");
	print_budget(conf);
	if (options->text == NULL)
		print_changes(conf, options->file);
	return report_flush();
}

int
report_dump(const struct conf *conf)
{
	struct buf out = { .p = NULL };
	int status = EXIT_FAILURE;

	if (conf_dump(conf, &out) == -1)
		(void)fprintf(stderr, "pyked: out of memory\n");
	else {
		(void)fwrite(buf_head(&out), 1, buf_len(&out), stdout);
		status = report_flush();
	}
	buf_free(&out);
	return status;
}
