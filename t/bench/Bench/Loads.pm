# Bench::Loads: what the servers are measured with.
#
# A scenario is an entry in %scenarios: a title, the path it asks for, and the
# run that measures one server once: { requests, seconds, cpu, p50, p99 },
# times in seconds, and memory in bytes for each idle connection where that is
# measured. A run with a single failed request dies.
package Bench::Loads;

use strict;
use warnings;
use POSIX qw(sysconf _SC_CLK_TCK);

use Pyked;

my $seconds = $ENV{BENCH_SECONDS} || 3;	# of each run
my $idle_connections = 5000;
my $many = 10000;
my $tick = 1 / sysconf(_SC_CLK_TCK);

my %scenarios = (
	small => { title => '1 KiB, 64 keep-alive connections', floor => 1,
	    run => sub { wrk(@_, url($_[0], '/1k.html')) } },
	pipeline => { title => "1 KiB, 64 connections, 16 requests at once",
	    floor => 1,
	    run => sub { wrk(@_, '-s', "$_[1]{dir}/pipeline.lua",
		url($_[0], '/1k.html')) } },
	many => { title => '10,000 files of 2 KiB at random',
	    run => sub { wrk(@_, '-s', "$_[1]{dir}/many.lua",
		url($_[0], '/many/0.html')) } },
	ab => { title => '1 KiB, no keep-alive, 50 at once (ab)', floor => 1,
	    run => \&ab },
	'100k' => { title => '100 KiB, 64 connections',
	    run => sub { wrk(@_, url($_[0], '/100k.bin')) } },
	'10m' => { title => '10 MiB, 8 connections',
	    run => sub { wrk(@_, '-c8', url($_[0], '/10m.bin')) } },
	idle => { title => "1 KiB beside $idle_connections idle connections",
	    floor => 1, idle => $idle_connections, run => \&idle },
	tls => { title => '1 KiB, TLS 1.3, 64 keep-alive connections',
	    tls => 1,
	    run => sub { wrk(@_, url($_[0], '/1k.html', 'https')) } },
	'tls-new' => { title => '1 KiB, TLS 1.3, a new connection each',
	    tls => 1,
	    run => sub { wrk(@_, '-H', 'Connection: close',
		url($_[0], '/1k.html', 'https')) } },
	cgi => { title => 'a C program that prints a line, 8 at once (ab)',
	    floor => 1, scripts => 1, run => \&cgi },
	two => { title => '1 KiB, 64 connections, 2 workers on all CPUs',
	    workers => 2,
	    run => sub { wrk(@_, '-t2', url($_[0], '/1k.html')) } },
	'tls-10m' => { title => '10 MiB, TLS 1.3, 8 connections', tls => 1,
	    run => sub { wrk(@_, '-c8', url($_[0], '/10m.bin', 'https')) } },
);

sub names { sort keys %scenarios }
sub is_known { exists $scenarios{ $_[0] } }
sub title { $scenarios{ $_[0] }{title} }
# How many workers each server is to have. One is on a CPU of its own.
sub workers { $scenarios{ $_[0] }{workers} // 1 }
# Descriptors that a scenario needs.
sub descriptors { ($scenarios{ $_[0] }{idle} // 0) + 200 }
# The floor has neither files nor TLS; not everybody runs programs.
sub suits {
	my ($scenario, $server) = @_;

	return 0 if $server->{floor} && !$scenarios{$scenario}{floor};
	return 0 if ($server->{only} // $scenario) ne $scenario;
	return $server->{scripts} || !$scenarios{$scenario}{scripts};
}
sub measure {
	my ($scenario, $server, $with) = @_;

	$with = { %$with, pin => [] } if workers($scenario) > 1;
	return $scenarios{$scenario}{run}->($server, $with);
}

# Static, so that no loader is measured.
sub make_script {
	my ($dir) = @_;
	my $source = spew("$dir/line.c", <<'END');
#include <stdio.h>

int
main(void)
{
	puts("Content-Type: text/plain\n\nhello");
	return 0;
}
END

	mkdir "$dir/site/cgi";
	my $r = run('cc', '-O2', '-static', '-o', "$dir/site/cgi/line", $source);
	die "bench: $r->{err}" if $r->{status} ne '0';
}

# The files that are asked for, and the scripts of wrk.
sub prepare {
	my ($dir) = @_;
	my $text = join '', map { chr(97 + $_ % 26) } 1 .. 2048;

	spew("$dir/site/1k.html", substr $text, 0, 1024);
	spew("$dir/site/100k.bin", $text x 50);
	spew("$dir/site/10m.bin", $text x 5120);
	spew("$dir/site/many/$_.html", $text) for 0 .. $many - 1;
	make_script($dir);
	spew("$dir/pipeline.lua", <<'END');
init = function(args)
	local r = {}
	for i = 1, 16 do r[i] = wrk.format() end
	all = table.concat(r)
end
request = function() return all end
END
	spew("$dir/many.lua", <<"END");
local requests = {}
init = function(args)
	for i = 0, @{[$many - 1]} do
		requests[i] = wrk.format(nil, "/many/" .. i .. ".html")
	end
end
request = function() return requests[math.random(0, @{[$many - 1]})] end
END
}

sub url {
	my ($server, $path, $scheme) = @_;

	$scheme //= 'http';
	return "$scheme://127.0.0.1:$server->{$scheme}$path";
}

sub failed {
	my ($server, $program, $out) = @_;

	die "bench: $program against $server->{name} failed:\n$out";
}

# User and system time of a server's processes and of what they have waited
# for, in seconds.
sub cpu_seconds {
	my ($server) = @_;
	my $sum = 0;

	for my $pid ($server->{pid}, Pyked::descendants($server->{pid})) {
		my @field = split ' ', slurp("/proc/$pid/stat") =~ s/^.*\) //sr;
		next if @field < 15;
		$sum += $_ * $tick for @field[11 .. 14];
	}
	return $sum;
}

# Memory of a server's processes that is not shared, in bytes.
sub memory {
	my ($server) = @_;
	my $sum = 0;

	$sum += Pyked::private_memory($_)
	    for $server->{pid}, Pyked::descendants($server->{pid});
	return $sum;
}

sub with_cpu {
	my ($server, $code) = @_;
	my $before = cpu_seconds($server);
	my $result = $code->();

	$result->{cpu} = cpu_seconds($server) - $before;
	return $result;
}

my %unit = (us => 1e-6, ms => 1e-3, s => 1, m => 60);

sub wrk {
	my ($server, $with, @args) = @_;

	return with_cpu($server, sub {
		my $r = run({ timeout => $seconds + 20 },
		    @{ $with->{pin} }, 'wrk', '-t1', '-c64', '--latency',
		    '--timeout', '10s', "-d${seconds}s", @args);
		my $out = "$r->{out}$r->{err}";
		my ($n, $time, $unit) = $out =~
		    /(\d+) requests in ([\d.]+)(ms|s|m),/;
		failed($server, 'wrk', $out) if $r->{status} ne '0' || !$n
		    || $out =~ /Socket errors|Non-2xx/;
		my %p = map { $out =~ /^\s+$_%\s+([\d.]+)(us|ms|s|m)$/m ?
		    ("p$_" => $1 * $unit{$2}) : () } 50, 99;
		return { requests => $n, seconds => $time * $unit{$unit}, %p };
	});
}

sub ab { return run_ab(@_, '-c', 50, '-n', 40000, url($_[0], '/1k.html')) }

# The bare loop runs the same program as often, where a server would be; there
# is one that is a server, too.
sub cgi {
	my ($server, $with) = @_;
	my $n = 3000;

	return run_ab($server, $with, '-c', 8, '-n', $n,
	    url($server, '/cgi/line')) if !$server->{floor} || $server->{only};
	my $r = run({ timeout => 60 }, @{ $with->{server_pin} },
	    Pyked::top() . '/build/bench/floor-cgi', "$with->{dir}/site/cgi/line",
	    $n);
	failed($server, 'floor-cgi', $r->{err}) if $r->{status} ne '0';
	my ($time, $cpu) = split ' ', $r->{out};
	return { requests => $n, seconds => $time, cpu => $cpu };
}

sub run_ab {
	my ($server, $with, @args) = @_;

	return with_cpu($server, sub {
		my $r = run({ timeout => 60 }, @{ $with->{pin} }, 'ab', '-q',
		    @args);
		my $out = "$r->{out}$r->{err}";
		my ($time) = $out =~ /^Time taken for tests:\s+([\d.]+)/m;
		my ($n) = $out =~ /^Complete requests:\s+(\d+)/m;
		failed($server, 'ab', $out) if $r->{status} ne '0' || !$n
		    || $out !~ /^Failed requests:\s+0$/m
		    || $out =~ /^Non-2xx/m;
		my %p = map { $out =~ /^\s+$_%\s+(\d+)$/m ?
		    ("p$_" => $1 / 1000) : () } 50, 99;
		return { requests => $n, seconds => $time, %p };
	});
}

sub idle {
	my ($server, $with) = @_;
	# What was taken once may be kept, so there is one "before".
	my $before = $server->{memory} //= memory($server);
	my $idler = open_idle($server->{http});
	my $after = memory($server);
	my $result = wrk($server, $with, url($server, '/1k.html'));

	kill KILL => $idler;
	finish($idler, 5);
	$result->{memory} = ($after - $before) / $idle_connections;
	return $result;
}

# A process holding connections that have each made one request. It is killed
# to end them.
sub open_idle {
	my ($port) = @_;

	pipe my $read, my $write or die "pipe: $!";
	my $pid = background(sub {
		my @open;
		for (1 .. $idle_connections) {
			my $c = client($port) or die "connect: $!\n";
			my $r = $c->get('/1k.html');
			die "idle: $r->{status}\n" if $r->{status} ne '200';
			push @open, $c;
		}
		syswrite $write, 'x';
		sleep 60;
	});
	close $write;
	my $want = '';
	vec($want, fileno $read, 1) = 1;
	select $want, undef, undef, 60;
	sysread($read, my $byte, 1)
	    or die "bench: $idle_connections connections to port $port could "
	    . "not be opened (ulimit -n?)\n";
	return $pid;
}

1;
