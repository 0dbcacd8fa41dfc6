#!/usr/bin/perl
# When connections are scarce the newcomer is not the one to go.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(sleep);

use Pyked;

my $s = Pyked->start(tls => 1, top => <<'END', files => {
limits {
	connections 9
}
END
	'index.html' => "home\n" },
    scripts => { 'wait' => "#!/bin/sh\nsleep 3\n"
	. "printf 'Content-Type: text/plain\\n\\ndone\\n'\n" });

my $r = curl('-k', $s->url('/', 'https'));
is $r->{out}, "home\n", 'https with few connections';
my @busy = map {
	my $c = client($s);
	$c->send(Pyked::Http::bytes(GET => '/cgi/wait'));
	$c;
} 1 .. 8;
my $late = client($s);
sleep 0.3;
$late->send(Pyked::Http::bytes(GET => '/'));
is $late->response->{status}, 200, 'a client that thinks before it asks';
$late->close;
$r = curl('-k', $s->url('/', 'https'));
is $r->{out}, "home\n", 'a handshake beside eight busy scripts';
is scalar(grep { $_->response->{body} eq "done\n" } @busy), 8,
    'which are all answered';
$s->stop;
done_testing;
