/*
 * relay: plain connections to a TLS port, for a fuzzer that speaks no TLS.
 *
 *	relay PORT
 *
 * Prints the port on 127.0.0.1 where it listens and forks for each connection.
 * What is read at once from the client is one TLS record; the client's end
 * becomes a close_notify, and the server's close_notify the end for the
 * client. An end without one is a reset for the client, who then sees what was
 * cut short. It ends with its standard input.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static struct sockaddr_in
address(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr = { htonl(INADDR_LOOPBACK) } };
}

static int
listen_anywhere(void)
{
	struct sockaddr_in sin = address(0);
	socklen_t n = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1 || bind(fd, (struct sockaddr *)&sin, n) == -1 ||
	    listen(fd, 512) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sin, &n) == -1)
		fail("listen");
	printf("%d\n", ntohs(sin.sin_port));
	(void)fflush(stdout);
	return fd;
}

/* The client sees a reset. */
static void
cut(int client)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(client, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	_exit(0);
}

static SSL *
connect_tls(SSL_CTX *ctx, int port)
{
	struct sockaddr_in sin = address(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	SSL *ssl = SSL_new(ctx);

	if (fd == -1 || ssl == NULL ||
	    connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1 ||
	    SSL_set_fd(ssl, fd) != 1 || SSL_connect(ssl) != 1)
		return NULL;
	return ssl;
}

static bool
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

/* False when the client sends no more. */
static bool
from_client(int client, SSL *ssl)
{
	char text[16384];
	ssize_t n = read(client, text, sizeof(text));

	if (n > 0 && SSL_write(ssl, text, (int)n) > 0)
		return true;
	if (n == 0)
		(void)SSL_shutdown(ssl);
	return false;
}

/* The server has ended. What the client still sends is taken, for a close with
 * bytes unread would be a reset. */
static void
end(int client, SSL *ssl)
{
	char text[16384];

	(void)close(SSL_get_fd(ssl));
	(void)shutdown(client, SHUT_WR);
	while (read(client, text, sizeof(text)) > 0)
		continue;
	_exit(0);
}

static void
from_server(int client, SSL *ssl)
{
	char text[16384];

	do {
		int n = SSL_read(ssl, text, sizeof(text));

		if (n > 0) {
			if (!write_all(client, text, (size_t)n))
				_exit(0);
			continue;
		}
		switch (SSL_get_error(ssl, n)) {
		case SSL_ERROR_WANT_READ:
			return;
		case SSL_ERROR_ZERO_RETURN:
			end(client, ssl);
			return;
		default:
			cut(client);
		}
	} while (SSL_pending(ssl) > 0);
}

static void
relay(int client, SSL_CTX *ctx, int port)
{
	SSL *ssl = connect_tls(ctx, port);
	struct pollfd fds[2];

	if (ssl == NULL)
		cut(client);
	fds[0] = (struct pollfd){ .fd = SSL_get_fd(ssl), .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = client, .events = POLLIN };
	while (poll(fds, 2, -1) > 0) {
		if (fds[0].revents != 0)
			from_server(client, ssl);
		if (fds[1].revents != 0 && !from_client(client, ssl))
			fds[1].fd = -1;
	}
	_exit(1);
}

static void
serve(int listener, SSL_CTX *ctx, int port)
{
	int client = accept(listener, NULL, NULL);
	pid_t pid = client == -1 ? -1 : fork();

	if (pid == 0) {
		(void)close(listener);
		relay(client, ctx, port);
	}
	if (client != -1)
		(void)close(client);
}

int
main(int argc, char **argv)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct pollfd fds[2] = { { .fd = STDIN_FILENO, .events = POLLIN } };
	int port = argc == 2 ? atoi(argv[1]) : 0;

	if (port <= 0 || ctx == NULL) {
		fprintf(stderr, "usage: relay PORT\n");
		return 2;
	}
	/* A ticket alone must not make SSL_read wait for more. */
	(void)SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
	(void)signal(SIGCHLD, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	fds[1] = (struct pollfd){ .fd = listen_anywhere(), .events = POLLIN };
	while (poll(fds, 2, -1) != -1) {
		if (fds[0].revents != 0)
			break;
		if (fds[1].revents != 0)
			serve(fds[1].fd, ctx, port);
	}
	SSL_CTX_free(ctx);
	return 0;
}
