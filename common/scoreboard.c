/* Names for what the scoreboard says. */
#include "common/scoreboard.h"

#include <stddef.h>

static const char *const phase_names[] = {
	[SCORE_FREE] = "free",
	[SCORE_STARTING] = "starting",
	[SCORE_BODY] = "receiving",
	[SCORE_SCRIPT] = "script",
	[SCORE_SENDING] = "sending",
};

const char *
score_phase_name(uint32_t phase)
{
	if (phase >= sizeof(phase_names) / sizeof(phase_names[0]))
		return "?";
	return phase_names[phase];
}
