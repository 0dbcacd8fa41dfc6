#!/usr/bin/perl
# An index file goes through its own location: a script is run, never shown.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Pyked;

my $s = Pyked->start(servers => <<'END', files => {
server {
	listen 127.0.0.1:0
	root @SITE@
	index index.sh index.html
	location *.sh {
		cgi on
	}
	location = /plain/index.html {
		max-body 1
	}
}
END
	'index.sh' => "#!/bin/sh\necho 'Content-Type: text/plain'; echo\n"
	    . "echo \"ran \$SCRIPT_NAME\"\n",
	'plain/index.html' => "plain\n",
	'index.html' => "never\n" });

chmod 0755, "$s->{dir}/site/index.sh" or die "$!";
is $s->get('/')->{body}, "ran /index.sh\n", 'the script ran';
is $s->get('/plain/')->{body}, "plain\n", 'a file in a location of its own';
is $s->get('/plain')->{status}, 301, 'the slash is asked for all the same';
$s->stop;
done_testing;
