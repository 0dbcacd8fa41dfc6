#!/usr/bin/perl
# Clients that leave, or never read, hold neither a script nor a connection.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(time sleep);

use Pyked;

my $s = Pyked->start(top => <<'END', files => {
limits {
	send 1s
}
END
	'index.html' => "home\n", 'big.bin' => 'x' x (32 << 20) },
    scripts => {
	'hang' => "#!/bin/sh\necho \$\$ > \"\$QUERY_STRING\"\nsleep 600\n",
	'drip' => "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
	    . "for i in 1 2 3 4 5; do sleep 0.25; echo \$i; done\n" });
chmod 0711, $s->{dir};
mkdir "$s->{dir}/pids" and chmod 0777, "$s->{dir}/pids";

sub hang {
	my ($name, $more) = @_;
	my $file = "$s->{dir}/pids/$name";
	my $c = client($s);

	$c->send(Pyked::Http::bytes(GET => "/cgi/hang?$file") . $more);
	wait_until { (slurp($file) // '') =~ /\d/ };
	my ($pid) = slurp($file) =~ /(\d+)/;
	ok $pid, 'the script runs';
	return ($c, $pid);
}

subtest 'input is full when the client leaves' => sub {
	my ($c, $pid) = hang('full', Pyked::Http::bytes(GET => '/') x 800);

	$c->abort;
	eventually { !is_alive($pid) } 4, 'its script is ended';
};

subtest 'half a close is no end while the answer flows' => sub {
	my $c = client($s);

	$c->send(Pyked::Http::bytes(GET => '/cgi/drip'));
	$c->half_close;
	is $c->response->{body}, "1\n2\n3\n4\n5\n", 'the whole answer came';
};

subtest 'a client that sends a body and reads nothing' => sub {
	my $c = client($s, rcvbuf => 4096);
	my $start = time;
	my $gone;

	$c->send("GET /big.bin HTTP/1.1\r\nHost: a\r\n"
	    . "Content-Length: 1000000\r\n\r\n");
	wait_until {
		$gone = grep { m{/big\.bin} } $s->access;
		$c->send('y' x 2000) unless $gone;
		sleep 0.1 unless $gone;
		$gone;
	} 8;
	ok $gone, sprintf 'is cut off after %.1f s', time - $start;
};
$s->stop;
done_testing;
