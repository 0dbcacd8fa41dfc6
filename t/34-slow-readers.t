#!/usr/bin/perl
# Who reads slowly but steadily gets all of it, whatever the kernel's buffers
# do; who reads nothing is left.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(time sleep);

use Pyked;
use Pyked::Tls;

my $limit = scaled(2);
my $s = Pyked->start(tls => 1, top => <<"TOP", files => {
limits {
	send ${limit}s
}
TOP
	'big.bin' => 'x' x (16 << 20) });

# How the connection stands after so many seconds of a little now and then.
sub read_slowly {
	my ($class, $port, $seconds) = @_;
	my $c = $class->new($port, rcvbuf => 4096);
	my $end = time + $seconds;
	my $how = 'data';

	$c->send(Pyked::Http::bytes(GET => '/big.bin'));
	while (time < $end && $how eq 'data') {
		$how = $c->fill(time + $limit);
		sleep 0.1;
	}
	return $how;
}

subtest 'slow' => sub {
	is read_slowly('Pyked::Http', $s->port, 4 * $limit), 'data', 'plain';
};

subtest 'slow, by TLS' => sub {
	plan skip_all => Pyked::Tls::missing() if Pyked::Tls::missing();
	is read_slowly('Pyked::Tls', $s->port('https'), 4 * $limit), 'data',
	    'by TLS';
};

subtest 'too slow' => sub {
	my $c = client($s, rcvbuf => 4096);
	$c->send(Pyked::Http::bytes(GET => '/big.bin?stalled'));
	ok wait_until(sub { grep { /stalled HTTP\/1\.1" 200 / } $s->access },
	    20), 'one that reads nothing is left';
};

$s->stop;
done_testing;
