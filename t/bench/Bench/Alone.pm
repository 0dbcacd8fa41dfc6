# Bench::Alone: what is measured of pyked alone.
#
# A measurement is an entry in %measurements: code that is given a folder with
# a site and a certificate, starts the servers it needs, and returns rows: what,
# the figure with its unit, and what is to be reached ("" = nothing).
package Bench::Alone;

use strict;
use warnings;
use IO::Select ();
use POSIX ();
use Time::HiRes qw(time sleep);

use Bench::Peers;
use Bench::Report;
use Pyked;

my $top = Pyked::top();
my $pulse = "$top/build/bench/pulse";
my $starts = 15;
my $late_seconds = 5;
my @server_cpu = Bench::Report::cpus() < 2 ? () : qw(taskset -c 0);
my @client_cpu = Bench::Report::cpus() < 2 ? () : qw(taskset -c 1);

my @order = qw(start rest wake idle late reload parse);
my %measurements = (
	start => \&start_up,
	rest => \&at_rest,
	wake => \&wake_ups,
	idle => \&idle,
	late => \&late,
	reload => \&reload,
	parse => \&parse,
);

sub names { @order }
sub is_known { exists $measurements{ $_[0] } }
sub measure { $measurements{ $_[0] }($_[1]) }

sub ms { sprintf '%.1f ms', 1000 * $_[0] }
sub kb { sprintf '%.2f kB', $_[0] / 1000 }

# --- servers and their numbers ---

# As Bench::Peers::start, in a folder of its own.
sub server {
	my ($dir, $workers, @pin) = @_;
	our $n++;
	my $own = "$dir/alone$n";

	mkdir $own;
	symlink "$dir/$_", "$own/$_" for qw(site localhost.pem localhost.key);
	my $server = Bench::Peers::start('pyked', $own, $workers, @pin);
	# It takes connections before it has workers.
	wait_until { slurp("$own/pyked-error.log") =~ /ready: generation 1\b/ }
	    10 or die "alone: pyked did not get ready\n";
	@$server{qw(dir workers)} = ($own,
	    [grep { !/\D/ } Pyked::descendants($server->{pid})]);
	return $server;
}

sub stop {
	my ($server) = @_;

	kill TERM => $server->{pid};
	finish($server->{pid}, 10);
}

sub private_of_all {
	my ($server) = @_;
	my $sum = 0;

	$sum += Pyked::private_memory($_) for @{ $server->{workers} };
	return $sum;
}

# What "pyked status" says of a generation's connections.
sub status {
	my ($server) = @_;
	my $out = run("$top/pyked", '-c', "$server->{dir}/pyked.conf",
	    'status')->{out};
	my ($accepted, $vain) = $out =~ /(\d+) in all, (\d+) wake-/;

	return { accepted => $accepted, vain => $vain,
	    held => [$out =~ /(\d+) connections?,/g] };
}

# Times that processes gave up the processor to wait.
sub switches {
	my ($server) = @_;
	my $sum = 0;

	$sum += slurp("/proc/$_/status") =~ /^voluntary_ctxt_switches:\s+(\d+)/m
	    ? $1 : 0 for @{ $server->{workers} };
	return $sum;
}

# --- clients ---

# Starts pulse (see there) on a port or two; returns once it is ready:
# { pid, out }. Its own delays must not be taken for the server's: with @with
# it goes before everybody else on its CPU.
sub pulse {
	my ($ports, $connections, $at_a_time, $seconds, @with) = @_;

	pipe my $read, my $write or die "pipe: $!";
	my $pid = background(sub {
		open STDOUT, '>&', $write or POSIX::_exit(127);
		exec { 'env' } 'env', @with, $pulse, $ports, $connections,
		    $at_a_time, $seconds, '/1k.html' or POSIX::_exit(127);
	});
	close $write;
	my $line = IO::Select->new($read)->can_read(120) ? <$read> : undef;
	die "alone: $connections connections could not be opened\n"
	    unless defined $line;
	return { pid => $pid, out => $read };
}

# Its answers, [when, how long it took], in seconds, sorted by when.
sub answers {
	my ($client) = @_;
	my $out = $client->{out};
	my @found = map { [map { $_ / 1e6 } split] } <$out>;

	die "alone: a client failed\n" if finish($client->{pid}, 5) ne '0';
	return @found;
}

sub end_client { kill KILL => $_[0]{pid}; finish($_[0]{pid}, 5) }

sub first_in_line { return $> == 0 ? qw(chrt -f 1) : () }

sub percentile {
	my ($part, @values) = @_;
	my @sorted = sort { $a <=> $b } @values;

	return $sorted[int($part * $#sorted)];
}

sub wrk {
	my ($server, $seconds) = @_;

	return background(sub {
		open STDOUT, '>', '/dev/null';
		exec { 'env' } 'env', @client_cpu, 'wrk', '-t1', '-c64',
		    "-d${seconds}s",
		    "http://127.0.0.1:$server->{http}/1k.html"
		    or POSIX::_exit(127);
	});
}

# --- measurements ---

# In the background, as an init script does it: it returns when all are ready.
sub start_up {
	my ($dir) = @_;
	my ($own, @took) = ("$dir/start");

	mkdir $own;
	symlink "$dir/$_", "$own/$_" for qw(site localhost.pem localhost.key);
	for (1 .. $starts) {
		my $conf = spew("$own/pyked.conf", Bench::Peers::conf_pyked(
		    $own, { http => 0, https => 0, also => 0 }, 4));
		my $before = time;
		my $failed = system { "$top/pyked" } 'pyked', '-c', $conf;
		push @took, time - $before;
		die "alone: pyked did not start\n" if $failed;
		run("$top/pyked", '-c', $conf, 'stop');
	}
	return ['from the command to four workers that are ready',
	    ms(Bench::Report::median(@took)), 'at most 50 ms'];
}

sub at_rest {
	my ($dir) = @_;
	my $server = server($dir, 2);
	my @fresh = map { Pyked::private_memory($_) } @{ $server->{workers} };

	for my $scheme (qw(http https)) {
		curl('-k', "$scheme://127.0.0.1:$server->{$scheme}/1k.html")
		    for 1 .. 20;
	}
	my @used = map { Pyked::private_memory($_) } @{ $server->{workers} };
	stop($server);
	return ['private memory of a worker that has served nothing',
	    kb(percentile(1, @fresh)), 'at most 3000 kB'],
	    ['... and after some requests, with TLS and without',
	    kb(percentile(1, @used)), ''];
}

sub wake_ups {
	my ($dir) = @_;
	my $server = server($dir, 16);
	my $before = switches($server);
	my $r = run({ timeout => 120 }, 'ab', '-q', '-c', 50, '-n', 20000,
	    "http://127.0.0.1:$server->{http}/1k.html");
	my $switches = switches($server) - $before;
	my $status = status($server);

	stop($server);
	die "alone: $r->{out}$r->{err}" if $r->{out} !~ /^Failed requests:\s+0$/m;
	return ['16 workers, ab -c 50: wake-ups in vain for a connection',
	    sprintf('%.2f', $status->{vain} / $status->{accepted}), ''],
	    ['... times that a worker slept and woke for a connection',
	    sprintf('%.2f', $switches / $status->{accepted}), ''];
}

# Connections in processes of at most 15,000, to two ports: from one address
# there are not enough for 30,000 to one.
sub hold {
	my ($dir, $n, $workers) = @_;
	my $server = server($dir, $workers);
	my $before = private_of_all($server);
	my $each = $n / $workers;
	my $ports = join ',', $server->{http},
	    $workers > 1 ? $server->{also} : ();
	my @clients = map { pulse($ports, $each, 0, 0) } 1 .. $workers;
	my @held = sort { $a <=> $b } @{ status($server)->{held} };
	my $memory = (private_of_all($server) - $before) / $n;
	my $c = client($server->{http});

	die "alone: not answered beside $n\n" if !$c
	    || $c->get('/1k.html')->{status} ne '200';
	end_client($_) for @clients;
	stop($server);
	my $open = 0;
	$open += $_ for @held;
	return ["$n idle connections on $workers worker"
	    . ($workers > 1 ? 's' : '') . ': open', $open, $n],
	    ['... each worker holds', join(' and ', @held), ''],
	    ['... private memory of one', kb($memory), 'at most 0.60 kB'];
}

sub idle { return hold($_[0], 10000, 1), hold($_[0], 30000, 2) }

# One idle connection after the other is asked for something, while 64 others
# keep the worker busy.
sub late {
	my ($dir) = @_;
	my @rows;

	for my $n (5000, 10000) {
		my $server = server($dir, 1, @server_cpu);
		my $client = pulse($server->{http}, $n, 1, $late_seconds + 1,
		    @client_cpu, first_in_line());
		my $wrk = wrk($server, $late_seconds + 1);
		my @all = answers($client);
		my @took = map { $_->[1] } grep { $_->[0] > $all[0][0] + 1 }
		    @all;
		finish($wrk, 10);
		stop($server);
		push @rows, ["a request on one of $n idle connections, beside 64 "
		    . 'busy ones: p50', ms(percentile(0.5, @took)), ''],
		    ['... p99', ms(percentile(0.99, @took)),
		    $n == 5000 ? 'at most 15 ms' : ''];
	}
	return @rows;
}

# 64 connections are kept busy; in the middle of it the server reloads.
sub reload {
	my ($dir) = @_;
	my $server = server($dir, 2);
	my $client = pulse($server->{http}, 64, 64, 4, first_in_line());

	sleep 2;
	my $at = Time::HiRes::clock_gettime(Time::HiRes::CLOCK_MONOTONIC());
	kill HUP => $server->{pid};
	my @all = answers($client);
	stop($server);
	my $usual = percentile(0.99, map { $_->[1] }
	    grep { $_->[0] > $at - 1.5 && $_->[0] < $at } @all);
	my %slot;
	push @{ $slot{ int(100 * ($_->[0] - $at)) } }, $_->[1]
	    for grep { $_->[0] >= $at && $_->[0] < $at + 1 } @all;
	my @worse = sort { $a <=> $b }
	    grep { percentile(0.99, @{ $slot{$_} }) > 2 * $usual } keys %slot;
	my $most = percentile(0.99, map { $_->[1] }
	    grep { $_->[0] >= $at && $_->[0] < $at + 0.1 } @all);
	return ['2 workers, 64 busy connections: p99', ms($usual), ''],
	    ['... within 100 ms of a reload', ms($most),
	    'at most twice that'],
	    ['... time in which it is more than twice that',
	    10 * @worse . ' ms', 'at most 100 ms'];
}

# What picohttpparser needs is from a benchmark that others have published:
# ten million heads in 1.42 s and with 34.7e9 instructions
# (github.com/nikneym/hparse, bench/bench.txt). It looks at no field's name.
sub parse {
	my $r = run("$top/build/bench/parse");
	my ($bytes, $fields, $ns) = split ' ', $r->{out};
	my $count = run({ timeout => 120 }, 'valgrind', '--tool=callgrind',
	    '--callgrind-out-file=/dev/null', '--toggle-collect=http_parse',
	    "$top/build/bench/parse", 1);
	my ($instructions) = "$count->{out}$count->{err}" =~
	    /Collected : (\d+)/;

	return ["a browser's head, $bytes bytes in $fields fields: to parse it",
	    sprintf('%.2f us', $ns / 1000), 'at most 1.5 us'],
	    ['... instructions', $instructions ?
	    sprintf('%.0f', $instructions / 20000) : 'not counted', ''],
	    ['... published for picohttpparser, 430 bytes in 9 fields',
	    '0.14 us, 3470', ''];
}

1;
