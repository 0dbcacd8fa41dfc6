/*
 * listing_page: the page that shows a folder, in pieces. Pure.
 *
 * HTML that needs no script, no cookie and nothing from elsewhere.
 */
#ifndef WORKER_SERVE_LISTING_PAGE_H
#define WORKER_SERVE_LISTING_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/str.h"

struct html;

enum listing_key {
	LISTING_NAME,
	LISTING_SIZE,
	LISTING_DATE
};

struct listing_entry {
	int64_t size;			/* bytes; of a folder it says nothing */
	time_t modified;
	bool is_folder;
	char name[];
};

struct listing_page {
	struct str path;		/* of the folder, clean, from '/' to
					 * '/'; borrowed */
	enum listing_key key;		/* what it is sorted by, */
	bool descending;		/* and how */
	struct listing_entry **entries;	/* owned by whoever fills it in */
	size_t n;
	bool cut;			/* there are more than these */
};

/* Chooses key and order: ?sort=name|size|date&order=asc|desc, and what is
 * anything else says nothing (by name). */
void	listing_page_choose(struct listing_page *page, struct str query);
/* Sorts the entries: folders first, equals by name. */
void	listing_page_sort(struct listing_page *page);

/* The three parts of the page; what is short of memory shows in the html. */
void	listing_page_head(const struct listing_page *page, struct html *h);
void	listing_page_row(const struct listing_entry *entry, struct html *h);
void	listing_page_foot(const struct listing_page *page, struct html *h);

#endif
