/*
 * file_answer: the answer to GET or HEAD of an open file: preconditions,
 * ranges, and the fields that go with them.
 */
#ifndef WORKER_SERVE_FILE_ANSWER_H
#define WORKER_SERVE_FILE_ANSWER_H

struct file;
struct request;

/* Fills in r->response: 200, 206, 304, 412 or 416. Closes f. 0, or the status
 * to fail with. */
int	file_answer(struct request *r, struct file *f);

#endif
