#!/usr/bin/perl
# The master: the command line, starting, stopping, the pid file, its workers
# and its logs. Reloads, deaths and draining under load have their own files.
use strict;
use warnings;
no warnings 'portable';			# addresses have 64 bits
use FindBin;
use lib "$FindBin::Bin/lib";
use Fcntl qw(O_NONBLOCK O_RDONLY);
use IO::Socket::INET;
use POSIX ();
use Test::More;
use Time::HiRes qw(time sleep);

use Pyked;

my $root = $> == 0;
my $pyked = Pyked::program();

sub workers {
	my ($s) = @_;
	my @pids = $s->workers;

	return @pids;
}

sub number_of_workers { scalar(my @pids = workers(@_)) }

# Waits for as many workers as there shall be.
sub workers_are {
	my ($s, $n, $seconds) = @_;

	return wait_until { number_of_workers($s) == $n } $seconds // 5;
}

sub title {
	my ($pid) = @_;

	return slurp("/proc/$pid/cmdline") =~ s/\0+\z//r;
}

sub status_of {
	my ($pid, $what) = @_;

	return slurp("/proc/$pid/status") =~ /^$what:\s*(.*?)\s*$/m ? $1 : '';
}

# --- the command line ---

subtest 'the command line' => sub {
	my $s = Pyked->prepare(workers => 3);
	my $r = run($pyked, '-V');
	is $r->{status}, 0, '-V';
	like $r->{out}, qr/^pyked \d/, '... says the version';
	$r = run($pyked, '-h');
	is $r->{status}, 0, '-h';
	like $r->{out}, qr/^usage: pyked .*-c FILE/s, '... says how to call it';
	for my $wrong (['-x'], ['-c'], ['site'], ['-f', 'site'], ['--halp']) {
		$r = run($pyked, @$wrong);
		is $r->{status}, 2, "@$wrong: a usage error";
		like $r->{err}, qr/^pyked: .*\nusage: /, '... with a sentence';
	}
	$r = run($pyked, '-c', "$s->{dir}/none.conf");
	is $r->{status}, 78, 'a missing file';
	like $r->{err}, qr/none\.conf.*No such file/, '... is named';
	SKIP: {
		skip 'there is a configuration here', 2
		    if -e '/etc/pyked/pyked.conf';
		$r = run($pyked, '-f');
		is $r->{status}, 78, 'a missing default file';
		like $r->{err}, qr{/etc/pyked/pyked\.conf.*-c FILE},
		    '... says how to name another';
	}
	$r = run($pyked, '-t', '-c', $s->{conf});
	is $r->{status}, 0, '-t';
	like $r->{out}, qr/^\Q$s->{conf}\E: the configuration is fine$/m,
	    '... says that all is well';
	like $r->{out}, qr/listens +127\.0\.0\.1:0\n.*workers +3\b/s,
	    '... and what it found';
	$r = run($pyked, '-T', '-c', $s->{conf});
	is $r->{status}, 0, '-T';
	spew("$s->{dir}/dump.conf", $r->{out});
	$r = run($pyked, '-T', '-c', "$s->{dir}/dump.conf");
	is $r->{out}, slurp("$s->{dir}/dump.conf"), '... can be read again';
	ok !-e $s->{error_log}, 'no log was touched by all this';

	$r = run('sh', '-c', "cd $s->{dir} && exec $pyked -t -c pyked.conf");
	is $r->{status}, 0, 'a relative name';
	$r = run('sh', '-c', "mkdir $s->{dir}/x; cd $s->{dir}/x && "
	    . "rmdir $s->{dir}/x; exec $pyked -t -c pyked.conf");
	is $r->{status}, 1, '... from a folder that is gone';
	like $r->{err}, qr/^pyked: pyked\.conf: /, '... is told';
	$r = run('sh', '-c', "exec $pyked -V >/dev/full");
	is $r->{status}, 1, 'output that goes nowhere is a failure';
};

subtest 'mistakes' => sub {
	my $s = Pyked->prepare(top => "drain never\nlimitz 3\n");
	for my $options ([], ['-f'], ['-t'], ['-T']) {
		my $r = run($pyked, @$options, '-c', $s->{conf});
		is $r->{status}, 78, "@$options: bad configuration";
		like $r->{err}, qr/pyked\.conf:7:.*pyked\.conf:8:/s,
		    '... all mistakes in one run';
	}
	SKIP: {
		skip 'needs root', 4 unless $root;
		for my $user ('root', 'no-such-user') {
			$s->write_conf(top => "user $user\n");
			my $r = run($pyked, '-f', '-c', $s->{conf});
			is $r->{status}, 78, "user $user is refused";
			like $r->{err}, qr/$user/, '... by name';
		}
	}
};

# --- the foreground ---

subtest 'start and stop' => sub {
	for my $signal (qw(TERM INT QUIT)) {
		my $s = Pyked->start(workers => 2,
		    files => { 'index.html' => "home\n" });
		my $pidfile = "$s->{dir}/pyked.pid";
		is slurp($pidfile), "$s->{pid}\n", 'the pid file';
		is $s->get('/')->{body}, "home\n", 'it serves';
		my $start = time;
		$s->stop($signal);
		cmp_ok time - $start, '<', scaled(2), "SIG$signal ends it";
		ok !-e $pidfile, '... and its pid file';
	}
};

# Like Ctrl-C in a terminal, or a service manager that is in a hurry.
subtest 'a signal for the whole group' => sub {
	for my $signal (qw(TERM INT QUIT)) {
		my $s = Pyked->start(workers => 4);
		kill $signal => -$s->{pid};
		ok wait_until { !$s->running }, "SIG$signal to all of them";
		is $s->{status}, 0, '... ends it well';
		unlike $s->log, qr/ warn | error /, '... without a complaint';
		$s->destroy;
	}
};

subtest 'titles and environment' => sub {
	my $s = Pyked->prepare(workers => 2);
	local $ENV{SECRET} = 'hunter2';
	$s->launch;
	ok $s->wait_ready(1), 'it started';
	like title($s->{pid}), qr/^pyked: master \(generation 1\) \Q$s->{conf}\E/,
	    'the master';
	is join(' ', sort map { title($_) =~ s/\0.*//sr } workers($s)),
	    'pyked: worker 0 (generation 1) pyked: worker 1 (generation 1)',
	    'the workers';
	is scalar(grep { slurp("/proc/$_/environ") =~ /hunter2/ } $s->{pid},
	    workers($s)), 0, 'nothing is left of the environment';
	is readlink("/proc/$s->{pid}/cwd"), '/', 'it stays in no folder';
	$s->stop;
};

subtest 'a careless start' => sub {
	my $s = Pyked->prepare(workers => 1, wrap => ['sh', '-c',
	    'trap "" CHLD TERM HUP PIPE; umask 0; exec "$@" 9</dev/zero <&- '
	    . '>&- 2>&-', 'sh']);
	$s->launch;
	ok $s->wait_ready(1), 'without descriptors, with signals ignored';
	my @fds = map { readlink } glob "/proc/$s->{pid}/fd/*";
	is scalar(grep { m{^/dev/null$} } @fds), 3, '0, 1 and 2 are open';
	is scalar(grep { m{^/dev/zero$} } @fds), 0, 'nothing else is kept';
	is sprintf('%o', (stat $s->{error_log})[2] & 07777), '640',
	    'the log is not for everybody';
	my ($old) = workers($s);
	kill KILL => $old;
	eventually { my ($new) = workers($s); $new && $new != $old } 5,
	    'SIGCHLD is heard';
	$s->stop;
};

subtest 'what a worker has' => sub {
	my $s = Pyked->start(workers => 2, top => "sandbox on\n", scripts => {
	    status => "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
	    . "unshare -U true && echo unshared\ncat /proc/self/status\n" });
	my ($worker, $other) = workers($s);
	my @pidfile = grep { (readlink || '') =~ /pyked\.pid/ }
	    glob "/proc/$worker/fd/*";
	is scalar @pidfile, 0, 'no pid file';
	is status_of($worker, 'NoNewPrivs'), 1, 'no new privileges';
	is status_of($worker, 'Seccomp') // 2, 2, 'system calls are refused';
	my $script = $s->get('/cgi/status')->{body};
	like $script, qr/^NoNewPrivs:\t1\n(?!.*^Seccomp:\t0)/ms,
	    '... to scripts as well';
	unlike $script, qr/^unshared/, '... which make no namespace';
	is status_of($worker, $_), '0' x 16, "$_ is empty"
	    for qw(CapInh CapPrm CapEff CapAmb);
	SKIP: {
		skip 'needs root', 7 unless $root;
		my ($uid, $gid) = (getpwnam 'www-data')[2, 3];
		is status_of($worker, 'Uid'), join("\t", ($uid) x 4), 'user';
		is status_of($worker, 'Gid'), join("\t", ($gid) x 4), 'group';
		is status_of($worker, 'Groups'), $gid, 'one group';
		like slurp("/proc/$worker/limits"),
		    qr/^Max core file size\s+0\s+0/m, 'no core dumps';
		my @sockets = map { (readlink) // '' }
		    glob "/proc/$worker/fd/*";
		cmp_ok scalar(grep { /^socket:/ } @sockets), '<=', 2,
		    'one channel, one listener';
		my @shared = map { $_ > 8 << 20 ? 'peers' : $_ > 1 << 20
		    ? 'own' : $_ > 4096 ? 'counts' : 'keys' }
		    map { m{^(\w+)-(\w+) .*/dev/zero \(deleted\)}
			? hex($2) - hex($1) : () }
		    split /^/m, slurp("/proc/$worker/maps");
		is join(' ', sort @shared), 'counts counts keys own peers',
		    'its own shared memory, not its sibling\'s';
		is scalar(grep { m{^\w+-\w+ r--s .*/dev/zero} } split /^/m,
		    slurp("/proc/$worker/maps")), 1,
		    '... and ticket keys to read';
	}
	$s->stop;
};

# --- the pid file ---

subtest 'the pid file' => sub {
	my $s = Pyked->start(files => { 'index.html' => "home\n" });
	my $pidfile = "$s->{dir}/pyked.pid";
	my $r = run($pyked, '-f', '-c', $s->{conf});
	is $r->{status}, 1, 'a second start';
	like $r->{err}, qr/already: process $s->{pid}\b/, '... names the first';
	is $s->get('/')->{status}, 200, 'which serves on';
	is slurp($pidfile), "$s->{pid}\n", '... with its pid file';
	kill KILL => $s->{pid};
	wait_until { !$s->running };
	ok -e $pidfile, 'a pid file that is left over';
	$s->{gone} = 1;

	my $next = Pyked->prepare;
	spew("$next->{dir}/pyked.pid", "2147483647\n");
	$next->launch;
	ok $next->wait_ready(1), '... is taken over';
	is slurp("$next->{dir}/pyked.pid"), "$next->{pid}\n", '... whole';
	$next->stop;

	spew("$next->{dir}/target", "precious\n");
	symlink "$next->{dir}/target", "$next->{dir}/pyked.pid";
	$r = run($pyked, '-f', '-c', $next->{conf});
	is $r->{status}, 78, 'a symbolic link';
	like $r->{err}, qr/symbolic link/, '... is not followed';
	is slurp("$next->{dir}/target"), "precious\n", '... nor written to';
};

subtest 'many starts at once' => sub {
	my $s = Pyked->prepare;
	my @pids = map { background(sub {
		open STDERR, '>>', "$s->{dir}/refused";
		exec $pyked, '-c', $s->{conf};
	}) } 1 .. 12;
	my @won = grep { finish($_, 10) eq '0' } @pids;
	is scalar @won, 1, 'exactly one wins';
	$s->{pid} = slurp("$s->{dir}/pyked.pid") + 0;
	my $refused = slurp("$s->{dir}/refused");
	is scalar(() = $refused =~ /already: process|just starting/g), 11,
	    'the others say why they did not' or diag $refused;
	kill TERM => $s->{pid};
	eventually { !is_alive($s->{pid}) } 5, 'and it ends';
	$s->{gone} = 1;
};

# --- the background ---

subtest 'a daemon' => sub {
	my $s = Pyked->prepare(workers => 2,
	    files => { 'index.html' => "home\n" });
	# Reads the output to its end, as $(pyked) in a shell does.
	my $out = wait_until { `$pyked -c $s->{conf} 2>&1; echo \$?` };
	is $out, "0\n", 'the command returns, and lets its output go';
	like $s->log, qr/ready: generation 1, 2 workers/, 'when all is ready';
	my ($port) = $s->log =~ m{listening on http://127.0.0.1:(\d+)/};
	$s->{ports} = { http => [$port] };
	is $s->get('/')->{body}, "home\n", 'it serves';
	my $pid = $s->{pid} = slurp("$s->{dir}/pyked.pid") + 0;
	ok is_alive($pid), 'the pid file names it';
	my ($session) = slurp("/proc/$pid/stat") =~ /\) \S \d+ \d+ (\d+)/;
	is $session, $pid, 'in a session of its own';
	is join(' ', map { readlink "/proc/$pid/fd/$_" } 0 .. 2),
	    '/dev/null /dev/null /dev/null', 'away from the terminal';
	SKIP: {
		skip 'needs root', 1 unless $root;
		is join(' ', map { readlink "/proc/" . (workers($s))[0]
		    . "/fd/$_" } 0 .. 2), '/dev/null /dev/null /dev/null',
		    'its workers too';
	}
	my @all = ($pid, workers($s));
	is scalar @all, 3, 'a master and two workers';
	kill TERM => $pid;
	eventually { !grep { is_alive($_) } @all } 5, 'all end';
	ok !-e "$s->{dir}/pyked.pid", '... and the pid file';
	$s->{gone} = 1;
};

subtest 'a daemon that cannot start' => sub {
	my $taken = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
	    Listen => 1) or die "listen: $!";
	my $port = $taken->sockport;
	my $s = Pyked->prepare(servers => <<"END");
server {
	listen 127.0.0.1:$port
	root \@SITE\@
}
END
	for my $options (['-f'], []) {
		my $r = run($pyked, @$options, '-c', $s->{conf});
		is $r->{status}, 1, "@$options: an address in use";
		is scalar(() = $r->{err} =~ /\n/g), 1, '... in one line';
		like $r->{err}, qr/cannot listen on 127\.0\.0\.1:$port /,
		    '... that names it';
		ok !-e "$s->{dir}/pyked.pid", '... no pid file is left';
	}
	$s->write_conf(servers => undef,
	    log => "access stdout\nerror \@DIR\@/error.log info\n");
	my $r = run($pyked, '-c', $s->{conf});
	is $r->{status}, 78, 'a log on standard output';
	like $r->{err}, qr/stdout.*only in the foreground/, '... needs -f';
	$s->write_conf(log => "access \@DIR\@/no/such/folder/access.log\n"
	    . "error \@DIR\@/error.log info\n");
	$r = run($pyked, '-c', $s->{conf});
	isnt $r->{status}, 0, 'a log that cannot be written';
	like $r->{err}, qr{no/such/folder.*No such file}, '... is named';
};

# --- reloading ---

subtest 'listeners over a reload' => sub {
	my $s = Pyked->start(files => { 'index.html' => "home\n" });
	my $first = $s->port;
	my $idle = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
	    Listen => 1) or die "listen: $!";
	my $second = $idle->sockport;
	my $two = <<"END";
server {
	listen 127.0.0.1:0
	listen 127.0.0.1:$second
	root \@SITE\@
}
END
	$s->write_conf(servers => $two);
	$s->set_mark;
	$s->signal('HUP');
	ok $s->wait_log(qr/reload refused: cannot listen on \S+:$second /),
	    'an address in use refuses it';
	is $s->get('/')->{status}, 200, 'the old one serves on';
	is number_of_workers($s), 1, '... alone';
	close $idle;
	$s->set_mark;
	$s->signal('HUP');
	ok $s->wait_log(qr/ready: generation \d+/), 'once it is free, it works';
	like $s->new_log, qr/listening on \S+:$second\/.*ready/s,
	    'the new address is logged';
	unlike $s->new_log, qr/listening on \S+:$first\//,
	    'the old one is not again';
	is client($_)->get('/')->{status}, 200, "port $_ is served"
	    for $first, $second;

	$s->write_conf(servers => <<"END");
server {
	listen 127.0.0.1:$second
	root \@SITE\@
}
END
	$s->set_mark;
	$s->signal('HUP');
	ok $s->wait_log(qr/ready: generation/), 'without the first';
	eventually { !client($first) } 5, 'its port is closed';
	is client($second)->get('/')->{status}, 200, 'the other is served';
	like title($s->{pid}), qr/generation [3-9]/, 'the title says it';
	$s->allow(qr/reload refused/);
	$s->stop;
};

subtest 'new logs with a reload' => sub {
	my $s = Pyked->start(files => { 'index.html' => "home\n" });
	my $port = $s->port;
	$s->write_conf(log => "access \@DIR\@/second.log combined\n"
	    . "error \@DIR\@/second-error.log info\n");
	$s->signal('HUP');
	my $second = "$s->{dir}/second-error.log";
	eventually { slurp($second) =~ /ready: generation 2/ } 5,
	    'the new error log has the rest';
	is $s->get('/?new')->{status}, 200, 'a request';
	eventually { slurp("$s->{dir}/second.log") =~ m{GET /\?new } } 5,
	    '... is in the new access log';
	unlike slurp($s->{access_log}), qr/new/, '... and not in the old';
	$s->write_conf(log => "access \@DIR\@/none/access.log\n"
	    . "error \@DIR\@/none/error.log info\n");
	$s->signal('HUP');
	eventually { slurp($second) =~ m{reload refused: .*none/access\.log} }
	    5, 'a log that cannot be opened refuses a reload';
	$s->get('/?still');
	eventually { slurp("$s->{dir}/second.log") =~ m{GET /\?still } } 5,
	    'the logs are the same';
	$s->stop;
};

# --- its workers ---

subtest 'one more, one fewer' => sub {
	my $s = Pyked->start(workers => 1, top => "drain 2s\n",
	    files => { 'index.html' => "home\n" });
	$s->signal('TTIN');
	ok workers_are($s, 2), 'TTIN';
	$s->signal('TTIN');
	ok workers_are($s, 3), 'TTIN again';
	my @three = workers($s);
	kill KILL => @three;
	eventually {
		my @now = workers($s);
		my %old = map { $_ => 1 } @three;
		@now == 3 && !grep { $old{$_} } @now;
	} 5, 'they are replaced like any';
	for my $left (2, 1) {
		$s->signal('TTOU');
		ok workers_are($s, $left), "TTOU: $left left";
	}
	my ($last) = workers($s);
	$s->set_mark;
	$s->signal('TTOU');
	ok $s->wait_log(qr/fewer/), 'TTOU once more';
	is $s->get('/')->{status}, 200, 'one always stays';
	is join(' ', workers($s)), $last, '... the same';
	$s->signal('TTIN');
	ok workers_are($s, 2), 'and TTIN works again';
	$s->stop;
};

subtest 'workers that die young' => sub {
	my $s = Pyked->start(workers => 2);
	my ($steady, $victim) = workers($s);
	my @took;
	for (1 .. 6) {
		my $start = time;
		kill ABRT => $victim;
		wait_until {
			my @new = grep { $_ != $steady && $_ != $victim }
			    workers($s);
			$victim = $new[0] if @new;
			scalar @new;
		} 5 or last;
		push @took, time - $start;
		sleep 0.02;
	}
	is scalar @took, 6, 'are replaced, always';
	# The log has the times that were decided on; those seen here depend on
	# what else the machine does.
	is join(' ', $s->log =~ /died young \d+ times: the next one starts in (\S+) s/g),
	    '0.1 0.2 0.4', 'at once at first, then ever more slowly';
	cmp_ok $took[5], '>', 0.35, '... as it says';
	like $s->log, qr/died young 6 times/, '... which is logged';
	ok is_alive($steady), 'the other is left alone';
	like $s->log, qr/process \d+\) was killed by signal 6 /,
	    'the signal is logged';
	$s->stop;
};

subtest 'a worker that does not move' => sub {
	my $s = Pyked->start(workers => 2);
	my ($frozen, $other) = workers($s);
	kill STOP => $frozen;
	ok $s->wait_log(qr/process $frozen\) has not moved/, 15),
	    'is noticed';
	eventually { !is_alive($frozen) } 4, '... and ended';
	ok workers_are($s, 2), '... and replaced';
	ok is_alive($other), 'the other is not blamed';
	$s->allow(qr/has not moved/);
	$s->stop;
};

subtest 'a worker that does not end' => sub {
	for my $twice (0, 1) {
		my $s = Pyked->start(workers => 2);
		my ($frozen) = workers($s);
		kill STOP => $frozen;
		my $start = time;
		$s->signal('TERM');
		if ($twice) {
			$s->wait_log(qr/stopping/);
			$s->signal('TERM');
		}
		eventually { !$s->running } 5, 'is no reason to stay';
		my $took = time - $start;
		cmp_ok $took, '<', scaled($twice ? 0.9 : 2.1),
		    $twice ? 'a second TERM hastens' : 'for two seconds';
		is $s->{status}, 0, 'and ends well';
		ok !is_alive($frozen), 'with it';
		$s->{gone} = 1;
	}
};

subtest 'what a dead worker leaves' => sub {
	my $s = Pyked->start(workers => 1, servers => <<'END', scripts => {
server {
	listen 127.0.0.1:0
	root @SITE@
	location /cgi/ {
		cgi dir @CGI@
	}
}
END
	    'sleep' => "#!/bin/sh\necho 'Content-Type: text/plain'\necho\n"
		. "sleep 611 &\n(setsid sleep 612 &)\nsleep 613\n" });
	my $c = client($s);
	$c->send(Pyked::Http::bytes(GET => "/cgi/sleep?a\e[31mb",
	    'User-Agent' => 'test') =~ s/\e/%1b/r);
	my @left;
	eventually {
		my $all = processes();
		@left = grep { slurp("/proc/$_/cmdline")
		    =~ /^sleep\x{0}61[123]\x{0}/ } keys %$all;
		@left == 3;
	} 10, 'a script that forks';
	kill KILL => workers($s);
	eventually { !grep { is_alive($_) } @left } 3,
	    'all of it is ended, what left its session too';
	ok workers_are($s, 1), 'the worker is back';
	like $s->log, qr{was serving 127\.0\.0\.1: "GET /cgi/sleep\S*" \(},
	    'the request is named';
	eventually { grep { m{^127\.0\.0\.1 - - \[.*\] "GET /cgi/sleep\S* HTTP}
	    && / killed$/ } $s->access } 5, '... in the access log too';
	$s->stop;
};

# --- its logs ---

subtest 'USR1' => sub {
	my $s = Pyked->start(files => { 'index.html' => "home\n" });
	my $mode = sub { sprintf '%o', (stat $_[0])[2] & 07777 };
	$s->get('/?one');
	eventually { $s->access } 5, 'a line';
	rename $s->{access_log}, "$s->{access_log}.1";
	rename $s->{error_log}, "$s->{error_log}.1";
	$s->get('/?two');
	eventually { slurp("$s->{access_log}.1") =~ /two/ } 5,
	    'a renamed log is written on';
	$s->signal('USR1');
	eventually { $s->log =~ /logs reopened/ } 5, 'USR1 opens a new one';
	is $mode->($s->{access_log}), '640', '... not for everybody';
	$s->get('/?three');
	eventually { join('', $s->access) =~ /three/ } 5, '... and uses it';
	unlike slurp("$s->{access_log}.1"), qr/three/, '... only';
	my ($worker) = workers($s);
	eventually {
		my @logs = grep { m{/access\.log} } map { (readlink) // '' }
		    glob "/proc/$worker/fd/*";
		@logs == 1 && $logs[0] eq $s->{access_log};
	} 5, 'its worker has the new one' if $root;

	rename $s->{access_log}, "$s->{access_log}.2";
	mkdir $s->{access_log};
	$s->signal('USR1');
	ok $s->wait_log(qr/cannot reopen the access log .*is kept/),
	    'one that cannot be opened';
	$s->get('/?four');
	eventually { slurp("$s->{access_log}.2") =~ /four/ } 5,
	    '... changes nothing';
	rmdir $s->{access_log};
	$s->allow(qr/cannot reopen/);
	$s->stop;
};

subtest 'logs in bad places' => sub {
	my $s = Pyked->prepare;
	symlink "$s->{dir}/elsewhere", $s->{access_log};
	my $r = run($pyked, '-f', '-c', $s->{conf});
	is $r->{status}, 78, 'a symbolic link';
	like $r->{err}, qr/access log.*symbolic link/, '... is not followed';
	ok !-e "$s->{dir}/elsewhere", '... nor created';
	unlink $s->{access_log};
	SKIP: {
		skip 'needs root', 4 unless $root;
		my ($uid, $gid) = (getpwnam 'www-data')[2, 3];
		mkdir "$s->{dir}/logs";
		chown $uid, $gid, "$s->{dir}/logs";
		for my $folder ("$s->{dir}/logs", '/tmp') {
			$s->write_conf(log => "access $folder/pyked-test.log\n"
			    . "error \@DIR\@/error.log info\n");
			$r = run($pyked, '-f', '-c', $s->{conf});
			is $r->{status}, 78, "$folder is the workers' too";
			like $r->{err}, qr/could be replaced/, '... told';
		}
	}
};

subtest 'logs that cannot be written' => sub {
	my $s = Pyked->prepare(files => { 'index.html' => "home\n" },
	    log => "access \@DIR\@/fifo\nerror \@DIR\@/error.log info\n");
	my $fifo = "$s->{dir}/fifo";
	POSIX::mkfifo($fifo, 0600) or die "mkfifo: $!";
	$s->launch;
	ok $s->wait_ready(1), 'a FIFO without a reader is no reason to wait';
	# More than a pipe holds.
	my $c = client($s);
	my @answers = map { $c->get("/?$_" . 'x' x 400)->{status} } 1 .. 300;
	is scalar(grep { $_ eq '200' } @answers), 300, 'all is served';
	ok $s->wait_log(qr/\d+ access lines lost from \S+ to \S+: /, 6),
	    'the loss is counted';
	sysopen my $reader, $fifo, O_RDONLY | O_NONBLOCK or die "$fifo: $!";
	my $bytes = '';
	wait_until {
		sysread $reader, $bytes, 65536, length $bytes;
		$bytes =~ /GET \/\?1x/;
	};
	$s->get('/?last');
	eventually {
		sysread $reader, $bytes, 65536, length $bytes;
		$bytes =~ /GET \/\?last /;
	} 5, 'with a reader it goes on';
	my @lines = split /^/m, $bytes;
	# Of the one that was cut there may be less than that.
	my $start = '127.0.0.1 - - [';
	my @torn = grep { my $line = s/\n\z//r;
	    index($line, $start) && index($start, $line) } @lines;
	is join('', @torn), '', 'every line begins where it should';
	cmp_ok scalar(grep { !/"\n\z/ } @lines), '<=', 1,
	    'only the one that was lost half way is cut';
	$s->stop;

	SKIP: {
		skip 'there is no /dev/full', 4 unless -c '/dev/full';
		$s = Pyked->start(files => { 'index.html' => "home\n" },
		    log => "access /dev/full\nerror \@DIR\@/error.log info\n");
		is $s->get('/')->{status}, 200, 'a full disk harms nobody';
		ok $s->wait_log(qr/1 access lines lost .*No space left/, 5),
		    '... and the loss is told';
		$s->stop;
	}
};

subtest 'the terminal' => sub {
	my $s = Pyked->prepare(files => { 'index.html' => "home\n" },
	    log => "error_unused\n");
	spew($s->{conf}, "pidfile $s->{dir}/pyked.pid\nworkers 1\n"
	    . "server {\nlisten 127.0.0.1:0\nroot $s->{site}\n}\n");
	$s->{error_log} = $s->{output};
	$s->launch;
	ok $s->wait_ready(1), 'the error log is on standard error';
	$s->get('/?seen');
	eventually { $s->output =~ /"GET \/\?seen / } 5,
	    'the access log on standard output';
	$s->stop;
};

done_testing;
