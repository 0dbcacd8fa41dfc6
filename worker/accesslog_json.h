/*
 * accesslog_json: a request as an object of JSON, on one line.
 */
#ifndef WORKER_ACCESSLOG_JSON_H
#define WORKER_ACCESSLOG_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

struct request;

/* Writes r's line and its newline, at most LOG_LINE_MAX bytes; returns its
 * length. bytes is what of the body was sent. */
size_t	accesslog_json(char *line, const struct request *r, uint64_t bytes);

/* The name that the configuration gives to the server which answered; "-" when
 * it has none. */
struct str accesslog_server(const struct request *r);

#endif
