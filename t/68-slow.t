#!/usr/bin/perl
# Slow clients, however many, do not delay a normal request.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(time sleep);

use Pyked;

my $slow = 200;
my $stalled = 100;
my $s = Pyked->start(tls => 1, files => { 'index.html' => "home\n" });

# The median and the worst time of n requests on connections of their own.
sub probe {
	my ($n) = @_;
	my (@took, $wrong);

	for (1 .. $n) {
		my $start = time;
		$wrong++ if $s->get('/')->{status} ne '200';
		push @took, time - $start;
		sleep 0.02;
	}
	@took = sort { $a <=> $b } @took;
	return ($took[$n / 2], $took[-1], $wrong // 0);
}

my ($usual) = probe(20);
my $begun = "$s->{dir}/begun";
my $pid = background(sub {
	my $text = "GET / HTTP/1.1\r\nHost: localhost\r\nX: " . 'y' x 100;
	my @slow = map { client($s) } 1 .. $slow;
	my @stalled = map { client($s->port('https'))
	    ->send("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03") }
	    1 .. $stalled;

	for my $byte (split //, $text) {
		$_->send($byte) for @slow;
		spew($begun, '');
		sleep 1;
	}
});
eventually { -e $begun } 10, "$slow clients of a byte a second, "
    . "$stalled handshakes that stall";
my ($median, $worst, $wrong) = probe(60);
is $wrong, 0, 'normal requests are answered';
cmp_ok $median, '<', $usual * 3 + scaled(0.02), 'as fast as ever';
cmp_ok $worst, '<', scaled(1), '... every one';
diag sprintf 'a request took %.1f ms (%.1f ms alone), at most %.1f ms',
    1000 * $median, 1000 * $usual, 1000 * $worst;
my $r = curl('-k', '-w', '%{time_total}', $s->url('/', 'https'));
like $r->{out}, qr/^home\n/, 'over https too' or diag $r->{err};
cmp_ok substr($r->{out}, 5) || 99, '<', scaled(1), '... at once';

my ($worker) = $s->workers;
sub cpu { (split ' ', slurp("/proc/$worker/stat") =~ s/^.*\) //sr)[11, 12] }
my ($user, $system) = cpu();
sleep 1;
my ($user_now, $system_now) = cpu();
cmp_ok $user_now - $user + $system_now - $system, '<', 30,
    'waiting costs little CPU time';

is $s->get('/')->{status}, 200, 'still';
eventually { grep { / 408 / } $s->access } 15,
    'the slow ones are ended after the time for a head';
kill KILL => $pid;
finish($pid, 5);
$s->stop;
done_testing;
