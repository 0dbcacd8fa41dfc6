/* fdset: members past 1023, in the shape select() reads. */
#include <sys/resource.h>
#include <unistd.h>

#include "common/fdset.h"
#include "t/unit/tap.h"

int
main(void)
{
	struct fdset a = { 0 }, b = { 0 }, c = { 0 };
	struct rlimit limit;
	int pipes[2];

	ok(fdset_end(&a) == 0, "the empty set ends at 0");
	ok(fdset_grow(&a, 20000) == 0 && fdset_grow(&b, 20000) == 0 &&
	    fdset_grow(&c, 20000) == 0, "room for 20000");
	fdset_add(&a, 0);
	fdset_add(&a, 1023);
	fdset_add(&a, 1024);
	fdset_add(&a, 19999);
	ok(fdset_has(&a, 1024) && !fdset_has(&a, 1025), "members");
	ok(fdset_end(&a) == 20000, "the end");
	ok(fdset_next(&a, 0, 20000) == 0 && fdset_next(&a, 1, 20000) == 1023 &&
	    fdset_next(&a, 1024, 20000) == 1024 &&
	    fdset_next(&a, 1025, 20000) == 19999, "in order");
	ok(fdset_next(&a, 1025, 19999) == -1, "below nfds only");
	fdset_add(&b, 1024);
	fdset_intersect(&c, &a, &b, 20000);
	ok(fdset_next(&c, 0, 20000) == 1024 &&
	    fdset_next(&c, 1025, 20000) == -1, "intersection");
	ok(fdset_within(&b, &a, 20000) && !fdset_within(&a, &b, 20000),
	    "within");
	fdset_add(&b, 5);
	fdset_union(&c, &a, &b, 20000);
	ok(fdset_has(&c, 5) && fdset_has(&c, 0) && fdset_has(&c, 1024),
	    "union");
	fdset_del(&c, 5);
	ok(!fdset_has(&c, 5), "deleted");
	fdset_clear(&c);
	ok(fdset_end(&c) == 0, "cleared");

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return 1;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1 || pipe(pipes) == -1 ||
	    dup2(pipes[0], 3000) == -1 || write(pipes[1], "x", 1) != 1)
		return 1;
	fdset_add(&c, 3000);
	fdset_add(&c, pipes[0]);
	ok(select(3001, fdset_raw(&c), NULL, NULL, NULL) == 2 &&
	    fdset_has(&c, 3000), "the kernel sees descriptor 3000");
	fdset_free(&a);
	fdset_free(&b);
	fdset_free(&c);
	return done_testing();
}
