/*
 * words: "pyked stop" and its like, said to a server that runs.
 */
#ifndef MASTER_WORDS_H
#define MASTER_WORDS_H

#include <stdbool.h>
#include <stdio.h>

struct word;

/* What else the command line said. */
struct words_args {
	const char *file;		/* the configuration; absolute */
	bool required;			/* it was named, so it must be there */
	const char *argument;		/* behind the word, or NULL */
	const char *second;		/* behind that, or NULL */
	const char *body;		/* behind -d, or NULL; of cgi */
};

/* The word of that name, or NULL. */
const struct word *words_find(const char *name);
/* The word that was probably meant, or NULL. */
const char *words_nearest(const char *name);
/* How much may stand behind it? */
int	words_arguments(const struct word *word);
/* And behind that, -d BODY? */
bool	words_take_body(const struct word *word);
/* A line for each of them. */
void	words_list(FILE *to);
/* Does it; returns the status to exit with. */
int	words_run(const struct word *word, const struct words_args *args);

#endif
