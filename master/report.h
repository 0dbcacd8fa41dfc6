/*
 * report: what is printed of a configuration that is fine, for cli. All return
 * the status to exit with.
 */
#ifndef MASTER_REPORT_H
#define MASTER_REPORT_H

struct conf;
struct identity;
struct master_options;

/* For -t: what it comes to, and what a reload would change. */
int	report_test(const struct conf *conf,
	    const struct master_options *options, const struct identity *who);
/* For -T: all of it. */
int	report_dump(const struct conf *conf);
/* What was printed must have arrived. */
int	report_flush(void);

#endif
