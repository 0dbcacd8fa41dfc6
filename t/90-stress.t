#!/usr/bin/perl
# Load: ab in its four ways, thousands of connections, and nothing left over.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(time sleep);

use Pyked;

my $many = 3000;
my %site = (tls => 1, files => {
	'index.html' => 'x' x 1024, 'big.bin' => 'y' x 300000 },
    scripts => { 'hello' => "#!/bin/sh\n"
	. "printf 'Content-Type: text/plain\\n\\nhello\\n'\n" });

# How many descriptors the master and its workers have. Only root may count:
# workers are closed even to their own user.
sub descriptors {
	my ($s) = @_;

	return map { scalar(() = glob "/proc/$_/fd/*") }
	    ($s->{pid}, $s->workers);
}

# The same when all that was asked is over: the server says that it holds no
# connection, and has no script.
sub descriptors_at_rest {
	my ($s) = @_;

	wait_until { is_at_rest($s) } 30 or diag 'it does not come to rest';
	return [descriptors($s)];
}

sub is_at_rest {
	my ($s) = @_;
	my $said = run(Pyked::program(), '-c', $s->{conf}, 'status')->{out};
	my @open = $said =~ /(\d+) connections?,/g;

	return @open == ($s->{workers} // 1) && !grep { $_ > 0 } @open,
	    map { scalar Pyked::descendants($_) } $s->workers;
}

# No more than before: when those were counted the master may not yet have
# closed the socket by which it was asked.
sub none_left {
	my ($s, $before) = @_;
	my @now;

	SKIP: {
		skip 'only root sees the descriptors of workers', 1 if $>;
		# The file cache lets go of large files after ten seconds.
		eventually {
			@now = descriptors($s);
			@now == @$before &&
			    !grep { $now[$_] > $before->[$_] } 0 .. $#now
		} 30, 'no descriptor is left over'
		    or diag "@$before, then @now";
	}
}

subtest 'ab' => sub {
	my $s = Pyked->start(%site, workers => 2);
	my $answered = 0;

	$s->get('/');
	$answered++;
	curl('-k', $s->url('/', 'https'));
	$answered++;
	is $s->get('/cgi/hello')->{body}, "hello\n", 'a script';
	$answered++;
	my $before = descriptors_at_rest($s);
	for (['http', 20000], ['http', 20000, '-k'], ['https', 2000],
	    ['https', 20000, '-k']) {
		my ($scheme, $n, @keep) = @$_;
		my $r = run({ timeout => 60 }, 'ab', '-q', '-n', $n, '-c', 100,
		    @keep, $s->url('/', $scheme));
		is $r->{status}, 0, "ab @keep over $scheme"
		    or diag $r->{err}, $r->{out};
		like $r->{out}, qr/^Complete requests:\s+$n$/m, "... $n";
		like $r->{out}, qr/^Failed requests:\s+0$/m, '... none failed';
		unlike $r->{out}, qr/^Non-2xx/m, '... all with 200';
		$answered += $n;
	}
	my $r = run({ timeout => 60 }, 'ab', '-q', '-n', 200, '-c', 20,
	    $s->url('/cgi/hello'));
	like $r->{out}, qr/^Failed requests:\s+0$/m, 'and a script'
	    or diag $r->{err}, $r->{out};
	$answered += 200;
	my @lines = $s->wait_access($answered);
	sleep 0.3;
	@lines = $s->access;
	is scalar @lines, $answered, 'a line in the access log for each';
	none_left($s, $before);
	$s->stop;
};

subtest "$many connections on one worker" => sub {
	my ($hard) = slurp('/proc/self/limits') =~
	    /^Max open files\s+\S+\s+(\S+)/m;
	plan skip_all => "only $hard descriptors are allowed here"
	    unless raise_descriptors($many + 200);
	my $s = Pyked->start(%site, workers => 1, top => <<'END');
limits {
	connections 4096
	keepalive 100s 1000
}
END
	my ($worker) = $s->workers;
	$s->get('/');
	my $before = descriptors_at_rest($s);
	my (@open, $wrong);
	for (1 .. $many) {
		my $c = client($s) or last;
		$wrong++ if $c->get('/')->{status} ne '200';
		push @open, $c;
	}
	is scalar @open, $many, 'all are open';
	is $wrong // 0, 0, '... and answered';
	my ($room) = slurp("/proc/$worker/status") =~ /^FDSize:\s+(\d+)/m;
	cmp_ok $room, '>', 1024, 'descriptors past 1023 are in use';
	for my $round (1, 2) {
		$_->send(Pyked::Http::bytes(GET => '/')) for @open;
		is scalar(grep { $_->response->{status} ne '200' } @open), 0,
		    "each answers once more, all at once, round $round";
	}
	is $open[-1]->get('/cgi/hello')->{body}, "hello\n",
	    'a script from a descriptor past 1023';
	is length $open[-2]->get('/big.bin')->{body}, 300000, 'a large file';
	my $r = curl('-k', $s->url('/', 'https'));
	is length $r->{out}, 1024, 'and https beside them';
	$_->close for @open;
	none_left($s, $before);
	is scalar $s->workers, 1, 'it is the same worker';
	is +($s->workers)[0], $worker, '... that began';
	$s->stop;
};

subtest 'clients that vanish' => sub {
	my $s = Pyked->start(%site, workers => 1);
	$s->get('/');
	my $before = descriptors_at_rest($s);
	my $get = Pyked::Http::bytes(GET => '/big.bin');
	for my $i (1 .. 600) {
		my $c = client($s) or next;
		$c->send(substr $get, 0, $i % (length($get) + 20));
		$i % 3 ? $c->abort : $c->close;
	}
	for my $i (1 .. 100) {
		my $c = client($s->port('https')) or next;
		$c->send("\x16\x03\x01\x02\x00\x01\x00" x ($i % 4));
		$i % 2 ? $c->abort : $c->close;
	}
	is $s->get('/')->{status}, 200, 'it serves on';
	none_left($s, $before);
	$s->stop;
};

done_testing;
