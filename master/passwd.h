/*
 * passwd: "pyked passwd FILE USER", an entry in a file of users.
 */
#ifndef MASTER_PASSWD_H
#define MASTER_PASSWD_H

/*
 * Asks for the password, twice on a terminal or once in a pipe, and makes or
 * changes the user's line; the file is replaced as a whole and keeps its mode
 * and owner. Returns the status to exit with.
 */
int	passwd_run(const char *file, const char *user);

#endif
