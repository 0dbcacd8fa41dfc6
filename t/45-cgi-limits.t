#!/usr/bin/perl
# What scripts may take: places, tasks, and nothing of the server itself. What
# happens at the limits of one script is in 46-cgi-faults.t.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(time);

use Pyked;

my $root = $> == 0;
my $user = $root ? getpwnam 'www-data' : $>;
my $notes = temporary(0777);

my $perl = "#!/usr/bin/perl\n\$| = 1;\n";
my $text = 'print "Content-Type: text/plain\n\n";';
my %scripts = (
	ok => $perl . $text . 'print "ok\n";',
	# Runs until it is released.
	wait => $perl . 'open F, ">$ENV{NOTES}/run-$ENV{QUERY_STRING}-$$";'
	    . 'close F; select undef, undef, undef, 0.01 until '
	    . '-e "$ENV{NOTES}/go" || $i++ > 3000;' . $text . 'print "ok\n";',
	limits => "#!/bin/sh\necho Content-Type: text/plain\necho\n"
	    . "cat /proc/self/limits\ncut -d' ' -f19 /proc/self/stat\n",
	bomb => $perl . $text . '$n = 0; while ($n < 100000) {'
	    . '$p = fork; last unless defined $p; $n++, next if $p;'
	    . 'sleep 600 } print "$n\n";',
	attack => $perl . $text . 'use POSIX; $w = getppid;'
	    . 'sub try { my ($name, $code) = @_; $! = 0;'
	    . 'print "$name ", $code->() ? "done" : $! + 0, "\n" }'
	    . 'try(term => sub { kill TERM => $w });'
	    . 'try(null => sub { kill 0 => $w });'
	    . 'try(stop => sub { kill STOP => $w });'
	    . 'try(other => sub { kill KILL => $ENV{QUERY_STRING} });'
	    . 'try($_ => sub { open my $f, "<", "/proc/$w/$_" and '
	    . 'sysread $f, my $x, 1 }) for qw(mem environ maps);'
	    . 'try(fd => sub { opendir my $d, "/proc/$w/fd" });'
	    # PTRACE_ATTACH, on x86-64 and others.
	    . '$nr = (POSIX::uname)[4] eq "x86_64" ? 101 : 117;'
	    . 'try(ptrace => sub { syscall($nr, 16, $w, 0, 0) == 0 });'
	    . 'if (($p = fork) == 0) { sleep 60; exit }'
	    . 'try(own => sub { kill KILL => $p }); wait;'
	    . 'print "died ", $? & 127, "\n";',
	sleeper => $perl . $text . 'print "$$\n"; sleep 60;',
	chatter => $perl . 'if (fork) { ' . $text . 'print "first\n"; exit }'
	    . 'while (1) { select undef, undef, undef, 0.05; print "more\n" }',
	work => $perl . $text . '$x = "x" x 3e7; $t = (times)[0];'
	    . '1 while (times)[0] - $t < 0.2; print "ok\n";',
	length => $perl . 'print "Content-Type: a/b\nContent-Length: 3\n\nok\n"'
	    . '; select undef, undef, undef, 0.05;',
	fails => $perl . $text . 'print $ENV{REQUEST_ID};'
	    . 'print STDERR "marked\n"; exit 1;',
	small => "#!/bin/sh\necho Content-Type: text/plain\necho\n",
	crash => "#!/bin/sh\nkill -SEGV \$\$\n",
	unfit => "no program\n",
	slowly => $perl . $text . 'print "ok\n"; close STDOUT; sleep 60;',
);
my $s = Pyked->prepare(scripts => \%scripts, files => {
	'index.html' => "home\n" });
$s->write_conf(log => <<'END_LOG', top => <<'END_TOP', servers => <<"END");
	access @DIR@/access.log cgi
	error @DIR@/error.log info
END_LOG
cgi-limits {
	processes 3 queue 1 30s
}
END_TOP
server {
	listen 127.0.0.1:0
	root \@SITE\@
	location /one/ {
		cgi dir \@CGI\@/
		env NOTES $notes
		cgi-limits {
			processes 1
		}
	}
	location /two/ {
		cgi dir \@CGI\@/
		env NOTES $notes
	}
	location /hung/ {
		cgi dir \@CGI\@/
		cgi-limits {
			processes 32 queue 64 60s
		}
	}
	location /lean/ {
		cgi dir \@CGI\@/
		cgi-limits {
			memory 16m
			processes 1
		}
	}
	location /many/ {
		cgi dir \@CGI\@/
		env NOTES $notes
		cgi-limits {
			processes 5
		}
	}
}
END
$s->allow(qr/ script \//);
$s->up;
my ($worker) = $s->workers;

sub running {
	my ($place) = @_;
	my @files = glob "$notes/run-$place-*";

	return scalar @files;
}

sub ask_wait {
	my ($place) = @_;

	return client($s)->send(Pyked::Http::bytes(
	    GET => "/$place/wait?$place", Connection => 'close'));
}

subtest 'places' => sub {
	my @open = ask_wait('one');
	eventually { running('one') == 1 } 5, 'a location has one place';
	push @open, ask_wait('one');
	eventually { $s->get('/one/ok')->{status} == 503 } 5,
	    'and one waits for it';
	is $s->get('/two/ok')->{status}, 200, 'another has its own';
	push @open, ask_wait('two') for 1 .. 2;
	eventually { running('two') == 2 } 5, 'up to what a worker has';
	push @open, ask_wait('two');
	my $r;
	eventually { ($r = $s->get('/two/ok'))->{status} == 503 } 5,
	    'which is full now; a queue is a location\'s own';
	like field($r, 'Retry-After'), qr/^\d+$/, 'Retry-After';
	ok $s->wait_log(qr{refused: 2 scripts run here and 1 wait, 3 run in }),
	    'the log has the numbers';
	push @open, ask_wait('many') for 1 .. 2;
	eventually { running('many') == 2 } 5,
	    'a location may have more than all';
	push @open, ask_wait('many');
	is $s->get('/')->{status}, 200, 'files are served';
	is running('two'), 2, 'the third of two waits';
	spew("$notes/go", '');
	is $_->response->{body}, "ok\n", 'all are answered' for @open;
	unlink "$notes/go";
};

# How many of these have such an answer already.
sub answered {
	my ($status, @open) = @_;

	$_->fill(time + 0.001) for @open;
	return scalar grep { $_->{in} =~ m{^HTTP/1\.1 $status } } @open;
}

sub running_now {
	return scalar grep { $_->{ppid} == $worker && $_->{state} ne 'Z' }
	    values %{ processes() };
}

subtest 'many that hang' => sub {
	my @open = map { client($s)->send(Pyked::Http::bytes(
	    GET => '/hung/sleeper', Connection => 'close')) } 1 .. 170;
	my @slow = grep { $_ > scaled(0.5) } map { my $start = time;
	    $s->get('/')->{status} eq '200' ? time - $start : 99 } 1 .. 50;
	is "@slow", '', 'files are served beside them';
	eventually { answered(503, @open) == 170 - 32 - 64 } 20,
	    '32 have a place, 64 may wait, the others are refused';
	eventually { answered(200, @open) == 32 } 20, '32 have begun';
	is running_now(), 32, 'and no other runs';
	is $s->get('/hung/ok')->{status}, 503, 'nor will one more';
	is $s->get('/')->{status}, 200, 'files are served';
	$_->abort for @open;
	eventually { running_now() == 0 } 10, 'all go with their clients';
};

subtest 'shown' => sub {
	my $r = run(Pyked::program(), '-c', $s->{conf}, '-T');
	like $r->{out}, qr/^    processes 3 queue 1 30s\n    cpu 30s\n/m, '-T';
	like $r->{out}, qr/^    memory 1g\n    fsize 1g\n/m, 'the defaults too';
	$r = $s->get('/two/limits')->{body};
	like $r, qr/^$_\s/m, $_ for 'Max cpu time +30 +31',
	    'Max file size +1073741824 +1073741824',
	    'Max data size +1073741824 +1073741824', 'Max core file size +0 +0',
	    'Max open files +256 +256';
	like $r, qr/^5\n\z/m, 'nice';
};

# Tasks of a user, as the kernel counts them.
sub tasks {
	my ($uid) = @_;
	my $n = 0;

	for my $pid (keys %{ processes() }) {
		my $status = slurp("/proc/$pid/status");
		$n += $1 if $status =~ /^Uid:\s+$uid\s/m &&
		    $status =~ /^Threads:\s+(\d+)/m;
	}
	return $n;
}

subtest 'tasks' => sub {
	plan skip_all => 'only root knows whose they are' unless $root;
	my ($max) = $s->get('/two/limits')->{body} =~
	    /^Max processes\s+(\d+)/m;
	# Other servers of this user come and go.
	cmp_ok $max, '>', 3 * 64, 'room for 64 of each script,';
	cmp_ok $max, '<', 3 * 64 + 1000, 'and what was there';
	my ($many) = $s->get('/many/limits')->{body} =~
	    /^Max processes\s+(\d+)/m;
	is $many - $max, 2 * 64, 'more for a location that may have more';
	my $bomb = client($s)->send(Pyked::Http::bytes(GET => '/two/bomb',
	    Connection => 'close'));
	my @slow = grep { $_ > scaled(0.5) } map { my $start = time;
	    $s->get('/')->{status} eq '200' ? time - $start : 99 } 1 .. 50;
	is "@slow", '', 'files are served beside a fork bomb';
	is $s->get('/two/ok')->{body}, "ok\n", 'so are scripts';
	my $n = $bomb->response(timeout => scaled(30))->{body};
	cmp_ok $n, '<', $max, 'it made no more processes than it may';
	eventually { tasks($user) < 100 || tasks($user) < $max - $n } 10,
	    'and they are gone';
};

subtest 'attacks' => sub {
	my $c = client($s)->send(Pyked::Http::bytes(GET => '/two/sleeper'));
	my $other;
	$c->fill(time + 5) until ($other) = $c->{in} =~ /\n(\d+)\r?\n/;
	my %did = $s->get("/two/attack?$other")->{body} =~ /^(\w+) (\w+)$/mg;
	like $did{$_}, qr/^(1|13)$/, "$_: refused"
	    for qw(mem environ maps fd ptrace);
	is "$did{own} $did{died}", 'done 9', 'its own child it may kill';
	SKIP: {
		# ABI 6 of Landlock is that of Linux 6.12.
		my ($major, $minor) = (POSIX::uname())[2] =~ /^(\d+)\.(\d+)/;
		skip 'this kernel has no scopes for signals', 5
		    if $major * 1000 + $minor < 6012 || $s->log =~
		    /no Landlock scopes/;
		is $did{$_}, 1, "$_: refused" for qw(term null stop other);
		ok is_alive($other), 'another script lives';
	}
	is_deeply [$s->workers], [$worker], 'the worker lives';
	$c->abort;
};

subtest 'what a script leaves talking' => sub {
	my $start = time;
	my $r = $s->get('/two/chatter');
	like $r->{body}, qr/^first\n(more\n)+\z/, 'is heard';
	ok $r->{complete}, 'to an end';
	cmp_ok time - $start, '<', scaled(6), 'that comes soon';
	cmp_ok time - $start, '>', 1.5, 'after a while';
};

# The line of the nth request for it.
sub line_of {
	my ($target, $n) = @_;
	my @lines;

	wait_until {
		@lines = grep { /GET \Q$target\E / } $s->access;
		@lines >= ($n // 1);
	};
	return $lines[-1] // '';
}

# One of which all is known: a busy machine may take longer for an exit than
# the answer waits for it.
sub counted_line {
	my ($target) = @_;
	my $line;

	for my $n (1 .. 5) {
		$s->get($target);
		$line = line_of($target, $n);
		last if $line !~ / - - \w{16}$/;
	}
	return $line;
}

subtest 'what they took' => sub {
	my $line = counted_line('/two/work');
	my ($wall, $cpu, $kb) = $line =~
	    /" (\d+\.\d{6}) (\d+\.\d{6}) (\d+) [0-9a-f]{16}$/;
	cmp_ok $wall // 0, '>=', 0.2, 'time' or diag $line;
	cmp_ok $wall // 99, '<', scaled(5), 'which is not too much';
	cmp_ok $cpu // 0, '>=', 0.2, 'CPU time';
	cmp_ok $cpu // 99, '<=', ($wall // 0) + 0.05, 'is part of it';
	cmp_ok $kb // 0, '>', 30_000, 'memory';
	cmp_ok $kb // 1e9, '<', 200_000, 'is not the server\'s';
	like counted_line('/two/length'),
	    qr/ 0\.\d{6} 0\.\d{6} (?:\d+|-) \w{16}$/, 'likewise';
	my $c = client($s);
	my $r = $c->get('/two/length');
	is $r->{body}, "ok\n", 'an answer with its length';
	is $c->get('/')->{status}, 200, 'and the connection goes on';
	like line_of('/'), qr/ - - - -$/, 'no script';
	my $start = time;
	is $s->get('/two/slowly')->{body}, "ok\n", 'one that goes on';
	cmp_ok time - $start, '<', scaled(2), 'is not waited for';
	like line_of('/two/slowly'), qr/ [0-2]\.\d{6} - - \w{16}$/,
	    'and not known';
};

# A script begins with the memory of its worker, by the kernel's account.
subtest 'the memory of a large worker' => sub {
	my @bodies = map { client($s)->send(Pyked::Http::bytes(
	    POST => '/two/ok', 'Content-Length' => 60_001) . 'x' x 60_000) }
	    1 .. 500;
	my $kb = 0;
	eventually { ($kb) = slurp("/proc/$worker/status") =~
	    /^VmRSS:\s+(\d+)/m; $kb > 24_000 } 20, 'it has grown';
	like counted_line('/two/small'), qr/ 0\.\d{6} 0\.\d{6} - \w{16}$/,
	    'is not taken for that of a script';
	$s->set_mark;
	is $s->get('/lean/crash')->{status}, 502, 'one that crashes';
	ok $s->wait_log(qr/killed by signal 11/), 'has done so';
	unlike $s->new_log, qr/out of memory/, 'but not for want of memory';
	$_->abort for @bodies;
};

subtest 'the id that both logs have' => sub {
	$s->set_mark;
	my $id = $s->get('/two/fails')->{body};
	like $id, qr/^[0-9a-f]{16}$/, 'the script knows it';
	like line_of('/two/fails'), qr/ $id$/, 'so does the access log';
	ok $s->wait_log(qr{\[$id\] script /two/fails: marked$}m),
	    'and every line of its standard error';
	isnt $s->get('/two/fails')->{body}, $id, 'the next one has another';
	# One that was never started.
	is $s->get('/two/unfit')->{status}, 500, 'no program';
	my ($other) = line_of('/two/unfit') =~ / - - - (\w{16})$/;
	ok $s->wait_log(qr{\[\Q@{[$other // 'none']}\E\] script /two/unfit: }),
	    'is found by it, too';
};

$s->stop;
done_testing;
