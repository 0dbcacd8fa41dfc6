/*
 * From an Authorization field to a user.
 */
#include "worker/serve/auth.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#include "common/conf.h"
#include "common/htpasswd.h"
#include "common/log.h"
#include "worker/http/basic.h"
#include "worker/http/request.h"
#include "worker/serve/auth_cache.h"
#include "worker/serve/auth_check.h"
#include "worker/serve/serve.h"

/* RFC 9110 11.6.1. */
static int
challenge(struct request *r, const struct conf_access *a)
{
	return response_field(r, STR("WWW-Authenticate"),
	    str_from(a->challenge)) == -1 ? 500 : 401;
}

/* Longer ones are nobody's. Two fields could be read in two ways. */
static bool
read_credentials(const struct request *r, struct basic *out)
{
	return r->head->count[FIELD_AUTHORIZATION] == 1 &&
	    basic_parse(http_field_value(r->head, FIELD_AUTHORIZATION), out) &&
	    strlen(out->user) <= HTPASSWD_USER &&
	    strlen(out->password) <= HTPASSWD_WORD;
}

static int
check(struct request *r, const struct conf_access *a, const struct basic *b)
{
	uint32_t file = (uint32_t)a->file;
	struct auth_mac mac = auth_cache_mac(file, b->user, b->password);
	int status;

	if (auth_cache_has(&mac, clock_now())) {
		r->user = arena_strdup(&r->arena, str_from(b->user));
		return r->user == NULL ? 500 : 0;
	}
	status = auth_check_start(r, file, b, &mac);
	return status == 0 ? GATE_WAIT : status;
}

/* What became of the check that this request waited for; 0 = it was right. */
static int
take_verdict(struct request *r, const struct conf_access *a,
    enum auth_verdict verdict)
{
	switch (verdict) {
	case AUTH_RIGHT:
		return 0;
	case AUTH_WRONG:
		return challenge(r, a);
	case AUTH_BROKEN:
		return 500;
	default:
		r->response.retry_after = AUTH_RETRY_S;
		return 503;
	}
}

int
auth_gate(struct request *r, const struct conf_access *a)
{
	const struct auth_claim *claim = (const struct auth_claim *)r->hold;
	struct basic b;
	int status;

	if (claim != NULL && claim->check != NULL)
		return GATE_WAIT;
	r->hold = NULL;
	status = claim == NULL ? 0 : take_verdict(r, a, claim->verdict);
	if (status != 0)
		return status;
	/* If it was right it is remembered now, or has changed again. */
	if (read_credentials(r, &b))
		status = check(r, a, &b);
	else
		status = challenge(r, a);
	OPENSSL_cleanse(&b, sizeof(b));
	return status;
}

int
auth_open(struct loop *loop)
{
	if (auth_cache_open() == 0 && auth_check_open(loop) == 0)
		return 0;
	log_error("passwords cannot be checked: %s", strerror(errno));
	return -1;
}
