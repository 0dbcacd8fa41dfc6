#!/usr/bin/perl
# Stopping, and that signals reach a worker that has no time at all.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(time sleep);

use Pyked;

# What the design promises is 0.1 s; a shared machine gets more.
my $bound = $ENV{PYKED_SIGNAL_BOUND} || 1;

sub server {
	return Pyked->start(files => { 'index.html' => 'x' x 1024,
	    'large.bin' => 'y' x (8 << 20) }, @_);
}

# A download that its client has only begun to take.
sub download {
	my ($s) = @_;
	my $c = client($s, rcvbuf => 4096);

	$c->send(Pyked::Http::bytes(GET => '/large.bin'));
	$c->need(1000, time + scaled(5));
	return $c;
}

subtest 'QUIT lets requests finish' => sub {
	my $s = server(top => "limits {\nkeepalive 2s 1000\n}\n", workers => 2);
	my $port = $s->port;
	my $busy = download($s);
	my $idle = client($s);
	$idle->get('/');
	my @unused = client($s);
	$s->signal('QUIT');
	eventually { client($s)->get('/')->{headers}{connection} eq 'close' }
	    1, 'from now on connections end with their request';
	# All that the kernel still had are taken, and nobody else.
	eventually { my $c = client($port); push @unused, $c if $c; !$c } 3,
	    'in the end no new connection is taken';
	is $idle->get('/')->{status}, 200, 'an idle one gets one more request';
	is $_->get('/')->{status}, 200, 'so does an unused one' for @unused;
	is length $busy->response->{body}, 8 << 20, 'a download is finished';
	ok $_->is_closed(scaled(3)), 'the connection ends'
	    for $idle, @unused, $busy;
	$s->stop('QUIT', 5);
};

subtest 'QUIT without a time to finish' => sub {
	my $s = server(top => "drain 0s\n", workers => 2);
	my @silent = map { client($s) } 1 .. 10;
	$s->signal('QUIT');
	wait_until { $s->log =~ /stopping when/ };
	is join(' ', map { $_->get('/')->{status} } @silent), '200 ' x 9 . 200,
	    'who had connected is answered';
	$_->close for @silent;
	eventually { !$s->running } 5, 'it ends';
	unlike $s->log, qr/ warn /, '... without a complaint';
	$s->stop;
};

subtest 'QUIT has a limit' => sub {
	my $s = server(top => "drain 1s\n");
	my $busy = download($s);
	my $start = time;
	$s->signal('QUIT');
	eventually { !$s->running } 5, 'it ends with a request unfinished';
	my $took = time - $start;
	cmp_ok $took, '>', 0.9, '... not before the limit';
	cmp_ok $took, '<', scaled(4), '... and soon after it';
	$busy->close;
	$s->stop;
};

subtest 'TERM is at once' => sub {
	for my $signal ('TERM', 'INT', 'TERM after QUIT') {
		my $s = server(workers => 2);
		my $busy = download($s);
		my $idle = client($s);
		$idle->get('/');
		if ($signal =~ /QUIT/) {
			$s->signal('QUIT');
			sleep 0.2;
			ok $s->running, 'QUIT waits';
		}
		my $start = time;
		$s->signal($signal =~ /^(\w+)/);
		eventually { !$s->running } 3, $signal;
		cmp_ok time - $start, '<', scaled(2), '... within two seconds';
		isnt +($_->rest(scaled(2)))[1], 'timeout', '... connections end'
		    for $busy, $idle;
		$s->stop;
	}
};

# Runs code against a server with one worker that wrk saturates.
sub saturated {
	my ($s, $code) = @_;
	my $wrk = background(sub {
		open STDOUT, '>', '/dev/null';
		open STDERR, '>&', \*STDOUT;
		exec 'wrk', '-t1', '-c64', '-d30s', $s->url('/');
	});
	my ($worker) = $s->workers;

	sleep 0.5;
	$code->($worker);
	kill KILL => $wrk;
	finish($wrk, 5);
}

sub in_time {
	my ($what, $took) = @_;

	cmp_ok $took, '<', scaled($bound), "$what in time";
	diag sprintf '%s reached a saturated worker after %.1f ms', $what,
	    1000 * $took;
}

subtest 'signals under load' => sub {
	my $s = server(scripts => {
	    'sleep' => "#!/bin/sh\necho 'Content-Type: text/plain'\necho\n"
		. "echo \"pid \$\$\"\nexec sleep 60\n" });

	saturated($s, sub {
		my ($worker) = @_;
		my $c = client($s)->send(Pyked::Http::bytes(GET =>
		    '/cgi/sleep'));
		wait_until {
			$c->fill(time + 0.01);
			$c->{in} =~ /pid \d+/;
		};
		my ($pid) = $c->{in} =~ /pid (\d+)/;
		ok $pid && is_alive($pid), 'a script is run' or return;
		my $start = time;
		kill KILL => $pid;
		wait_until { !-e "/proc/$pid" } 5;
		in_time('CHLD', time - $start);

		$start = time;
		$s->set_mark;
		$s->signal('HUP');
		ok $s->wait_log(qr/ready: generation 2\b/), 'a reload';
		diag sprintf 'a reload under load took %.1f ms',
		    1000 * (time - $start);
	});

	# The workers that the load has now are the second generation's.
	wait_until { $s->workers == 1 } 5;
	my $drained;
	saturated($s, sub {
		my ($worker) = @_;
		$drained = $worker;
		my $c = client($s);
		is $c->get('/')->{status}, 200, 'a connection';
		my $start = time;
		kill QUIT => $worker;
		my $r;
		do {
			$r = $c->get('/');
		} while $r->{status} eq '200' && time < $start + scaled(5)
		    && (field($r, 'Connection') // '') ne 'close';
		is field($r, 'Connection'), 'close', 'drains';
		in_time('QUIT', time - $start);
	});

	wait_until {
		my @now = $s->workers;
		@now == 1 && $now[0] != $drained;
	} 15;
	saturated($s, sub {
		my ($worker) = @_;
		my $start = time;
		kill TERM => $worker;
		eventually { !is_alive($worker) } 5, 'ends';
		in_time('TERM', time - $start);
	});
	eventually { $s->workers == 1 } 15, 'another takes its place';
	is $s->get('/')->{status}, 200, '... and serves';
	$s->allow(qr/worker/);
	$s->stop;
};

done_testing;
