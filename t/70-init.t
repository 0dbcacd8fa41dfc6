#!/usr/bin/perl
# The init script and the systemd unit, installed into a folder of their own:
# every action with the status that the LSB wants, whatever state things are in.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::INET ();
use Test::More;

use Pyked;

my $root = $> == 0;
my $dir = temporary();
my $program = "$dir/usr/sbin/pyked";
my $script = "$dir/etc/init.d/pyked";
my $conf = "$dir/etc/pyked/pyked.conf";
my $pidfile = "$dir/pyked.pid";
my $error_log = "$dir/error.log";
my $owner = $$;

# Installed as a packager does it: elsewhere, then moved to its place.
my $r = run('env', "DESTDIR=$dir/stage", "PREFIX=$dir/usr",
    "SYSCONFDIR=$dir/etc", Pyked::top() . '/t/lib/install-files', 'put',
    Pyked::program());
is $r->{status}, 0, 'installed' or BAIL_OUT("install-files: $r->{err}");
rename "$dir/stage$dir/$_", "$dir/$_" for qw(usr etc);

my $sound = <<"END";
pidfile $pidfile
workers 2
root $dir/site
spool $dir
log {
	access $dir/access.log combined
	error $error_log info
}
server {
	listen 127.0.0.1:0
	location /cgi/ {
		cgi dir $dir/cgi
		cgi-limits {
			kill 200ms 500ms
		}
	}
}
END
spew($conf, $sound);
spew("$dir/site/index.html", "home\n", 0644);
# A script that ignores what asks it to end, and has a child.
spew("$dir/cgi/stubborn", <<"END", 0755);
#!/bin/sh
trap '' TERM
sleep 1000 &
echo 'Content-Type: text/plain'
echo
echo begun
wait
END
chmod 0755, $dir;

# Runs an action and is over with it when it is not.
sub act {
	my ($action, %o) = @_;

	return run({ timeout => scaled(20) }, @{ $o{wrap} // [] }, $script,
	    defined $action ? $action : ());
}

sub acts {
	my ($action, $status, $name, %o) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $r = act($action, %o);

	is $r->{status}, $status, $name // $action
	    or diag $r->{out}, $r->{err}, slurp($error_log);
	return $r;
}

sub master { slurp($pidfile) =~ /^(\d+)$/m ? $1 : 0 }
sub everybody { my $m = master(); $m ? ($m, Pyked::descendants($m)) : () }
sub living { grep { is_alive($_) } @_ }

sub port {
	my @ports = slurp($error_log) =~
	    m{listening on http://127\.0\.0\.1:(\d+)/}g;

	return $ports[-1];
}

# What comes for a request now, without any patience for the server.
sub page {
	my $c = client(port()) or return 'nobody listens';

	return $c->get('/')->{body};
}

sub workers { grep { slurp("/proc/$_/cmdline") =~ /^pyked: worker/ }
    everybody() }

END {
	if ($$ == $owner) {
		my $status = $?;
		kill KILL => grep { $_ != $$ } everybody();
		$? = $status;
	}
}

# --- the script ---

subtest 'what it says of itself' => sub {
	my ($header) = slurp($script) =~
	    /^### BEGIN INIT INFO\n(.*)^### END INIT INFO$/ms;
	like $header, qr/^# $_:\s+\S/m, $_ for qw(Provides Required-Start
	    Required-Stop Default-Start Default-Stop Short-Description);
	my ($codes) = slurp($script) =~ /^# (It leaves with .*?)\n\n/ms;
	like $codes, qr/\b$_ /, "it names the status $_" for 0 .. 7;
	is run('sh', '-n', $script)->{status}, 0, 'it is sound';
	for my $action (undef, 'sing') {
		my $r = acts $action, 2, $action // 'no action';
		like $r->{err}, qr/^usage: \Q$script\E start\|/m,
		    '... says which there are';
	}
};

subtest 'while nothing runs' => sub {
	acts 'status', 3;
	acts 'stop', 0;
	acts 'reload', 7;
	acts 'force-reload', 7;
	my $r = acts 'configtest', 0;
	like $r->{out}, qr/is fine$/m, '... says so';
	ok !-e $error_log, 'no log was touched';
	rename $program, "$program.away";
	$r = acts $_, 5, "$_ without the program" for qw(start stop status);
	like $r->{err}, qr/\Q$program\E/, '... which is named';
	rename "$program.away", $program;
};

subtest 'start, reload, restart, stop' => sub {
	acts 'start', 0;
	is page(), "home\n", 'it serves at once';
	is scalar workers(), 2, 'with both workers';
	acts 'status', 0;
	my $first = master();
	acts 'start', 0, 'start again';
	is master(), $first, '... changes nothing';
	for my $generation (2, 3) {
		acts $generation == 2 ? 'reload' : 'force-reload', 0;
		like slurp($error_log), qr/ready: generation $generation\b/,
		    "generation $generation serves";
	}
	is master(), $first, 'it is the same master';
	my @old = everybody();
	acts 'restart', 0;
	is join(' ', living(@old)), '', 'nobody of before is left';
	is page(), "home\n", 'it serves';
	SKIP: {
		skip 'needs root', 1 unless $root;
		my $user = getpwnam 'www-data';
		is join(' ', map { (stat "/proc/$_")[4] == $user ||
		    slurp("/proc/$_/status") =~ /^Uid:\t$user\t$user\t/m
		    ? () : $_ } workers()), '', 'workers are www-data';
	}
	my @all = everybody();
	acts 'stop', 0;
	is join(' ', living(@all)), '', 'nobody is left';
	ok !-e $pidfile, 'no pid file either';
	acts 'status', 3;
	acts 'restart', 0, 'restart of what does not run';
	is page(), "home\n", '... starts it';
	acts 'stop', 0;
};

subtest 'stop with scripts' => sub {
	acts 'start', 0;
	my @clients = map { client(port()) } 1 .. 2;
	$_->send("GET /cgi/stubborn HTTP/1.1\r\nHost: localhost\r\n\r\n")
	    for @clients;
	my @scripts;
	ok wait_until(sub {
		@scripts = grep { slurp("/proc/$_/cmdline") =~
		    /stubborn|^sleep\0/ } everybody();
		@scripts == 4;
	}, 10), 'two scripts run, each with a child';
	my @all = everybody();
	acts 'stop', 0;
	is join(' ', living(@scripts)), '', 'no script is left';
	is join(' ', living(@all)), '', 'nor anybody else';
};

subtest 'a mistake in the configuration' => sub {
	acts 'start', 0;
	my $first = master();
	spew($conf, "$sound\nlimitz 3\nworkers none\n");
	for (['configtest', 6], ['reload', 6], ['force-reload', 6],
	    ['restart', 6]) {
		my ($action, $status) = @$_;
		my $r = acts $action, $status;
		like $r->{out} . $r->{err}, qr/limitz.*none/s,
		    '... says every reason';
	}
	acts 'status', 0;
	acts 'start', 0, 'start';
	is master(), $first, 'it is the same master';
	is page(), "home\n", '... and serves';
	my @all = everybody();
	acts 'stop', 0;
	is join(' ', living(@all)), '', 'it can be stopped';
	my $r = acts 'start', 6;
	like $r->{err}, qr/limitz.*none/s, '... says every reason';
	acts 'status', 3;
	rename $conf, "$conf.away";
	$r = acts 'start', 6, 'start without a configuration';
	like $r->{err}, qr/\Q$conf\E/, '... names it';
	spew($conf, $sound);
};

subtest 'somebody else' => sub {
	plan skip_all => 'needs root' unless $root;
	my @nobody = qw(setpriv --reuid nobody --clear-groups);
	chmod 0644, $conf;
	chmod 0755, $script, $program;
	acts 'start', 4, 'start by another user', wrap => \@nobody;
	acts 'start', 0;
	my @all = everybody();
	for my $action (qw(stop reload force-reload restart)) {
		my $r = acts $action, 4, "$action by another user",
		    wrap => \@nobody;
		like $r->{err}, qr/try it as root \(sudo\)/, '... says why';
	}
	acts 'status', 0, 'status is for everybody', wrap => \@nobody;
	acts 'start', 0, 'start of what runs', wrap => \@nobody;
	chmod 0600, $conf;
	acts $_, 4, "$_ where the file is secret", wrap => \@nobody
	    for qw(stop reload restart status);
	is scalar(living(@all)), 3, 'all are still there';
	acts 'stop', 0;
	is join(' ', living(@all)), '', 'root may';
};

subtest 'a configuration that names other files' => sub {
	acts 'start', 0;
	my @all = everybody();
	my $first = master();
	spew($conf, $sound =~ s/pyked\.pid/other.pid/r);
	acts 'status', 0;
	acts 'start', 0, 'start';
	is scalar(living(@all)), 3, '... changes nothing';
	my $r = acts 'reload', 0;
	like $r->{err}, qr/"pidfile" needs a restart/, '... says what else';
	acts 'restart', 0;
	is join(' ', living(@all)), '', '... ends all';
	$pidfile = "$dir/other.pid";
	isnt master(), $first, '... and starts anew';
	spew($conf, $sound);
	@all = everybody();
	acts 'stop', 0;
	is join(' ', living(@all)), '', 'stop ends all';
	acts 'status', 3;
	$pidfile = "$dir/pyked.pid";
};

subtest 'a port that is taken' => sub {
	my $other = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
	    Listen => 1) or die "no port: $!";
	my $port = $other->sockport;
	spew($conf, $sound =~ s/(listen 127\.0\.0\.1:)0/$1$port/r);
	my $r = acts 'start', 1;
	like $r->{err}, qr/127\.0\.0\.1:$port\b.*listens/, '... says who';
	acts 'status', 3;
	$other->close;
	acts 'start', 0, 'start when it is free';
	is page(), "home\n", 'it serves';
	acts 'stop', 0;
	spew($conf, $sound);
};

subtest 'a stale pid file' => sub {
	acts 'start', 0;
	my @all = everybody();
	kill KILL => $all[0];
	ok wait_until(sub { !living(@all) }, 10), 'the master was killed';
	acts 'status', 1;
	acts 'reload', 7;
	acts 'stop', 0;
	acts 'start', 0;
	isnt master(), $all[0], 'a new one runs';
	acts 'status', 0;
	is page(), "home\n", '... and serves';
	acts 'stop', 0;

	# An id in it that is somebody else's by now.
	spew($pidfile, "$$\n");
	acts 'status', 1, 'the id of another process';
	acts 'stop', 0;
	acts 'start', 0;
	isnt master(), $$, 'a new one runs';
	acts 'stop', 0;
};

# Runs actions at the same time; the statuses they end with.
sub together {
	my @pids = map {
		my @command = ($script, $_);
		background(sub {
			open STDOUT, '>>', "$dir/together";
			open STDERR, '>&', \*STDOUT;
			exec @command;
		});
	} @_;

	return join ' ', map { finish($_, scaled(30)) } @pids;
}

subtest 'twice in parallel' => sub {
	for my $round (1 .. 8) {
		unlink "$dir/together";
		is together('start', 'start'), '0 0', "start, round $round";
		like slurp("$dir/together"), qr/\A(?:pyked is running already\n)?\z/,
		    '... without complaints';
		is page(), "home\n", '... one serves';
		my @all = everybody();
		is scalar(grep { slurp("/proc/$_/cmdline") =~
		    /^pyked: master.*\Q$conf\E/ } keys %{ processes() }), 1,
		    '... and only one';
		is together('reload', 'reload'), '0 0', 'reload';
		is together('stop', 'stop'), '0 0', 'stop';
		is join(' ', living(@all)), '', '... nobody is left';
	}
	diag slurp("$dir/together") unless Test::More->builder->is_passing;
};

subtest 'limits' => sub {
	my @few = ('prlimit', '--nofile=1024:4096');
	plan skip_all => 'nobody may raise limits here'
	    if run(@few, 'sh', '-c', 'ulimit -n 65536')->{status} ne '0';
	acts 'start', 0, 'start with few descriptors', wrap => \@few;
	like slurp('/proc/' . master() . '/limits'),
	    qr/^Max open files\s+65536\s+65536/m, 'it has more';
	acts 'stop', 0;
};

# --- the unit ---

my $unit = slurp("$dir/usr/lib/systemd/system/pyked.service");

subtest 'the unit' => sub {
	is scalar(() = $unit =~
	    /^Exec(?:Start|Reload)=\Q$program\E .*-c \Q$conf\E/mg), 2,
	    'it has our program and file';
	my $analyze = run('sh', '-c', 'command -v systemd-analyze')->{out};
	plan skip_all => 'there is no systemd-analyze' unless $analyze;
	my $r = run('systemd-analyze', 'verify', '--man=no',
	    "$dir/usr/lib/systemd/system/pyked.service");
	is $r->{status}, 0, 'systemd understands it' or diag $r->{err};
	is $r->{err}, '', '... without a word';
};

# What the unit leaves of root's powers has to be enough.
subtest 'the powers of the unit' => sub {
	plan skip_all => 'needs root' unless $root;
	my $powers = join ',', map { s/^CAP_/+/r =~ tr/A-Z/a-z/r }
	    map { split } $unit =~ /^CapabilityBoundingSet=(.*)/mg;
	my ($start, $reload) = map { [split ' ', $_] }
	    $unit =~ /^ExecStart=(.*)\nExecReload=(.*)/m;
	my $pid = background(sub {
		exec 'setpriv', "--bounding-set=-all,$powers", @$start;
	});
	eventually { act('status')->{out} =~ / serves:/ } 10, 'it starts';
	is master(), $pid, '... in the foreground';
	is page(), "home\n", '... and serves';
	unlike slurp($error_log) =~ s/.*generation 1, //sr,
	    qr/ (?:warn|error) /, 'nothing is amiss';
	my $c = client(port());
	$c->send("GET /cgi/stubborn HTTP/1.1\r\nHost: localhost\r\n\r\n");
	ok wait_until(sub { (my @all = everybody()) == 5 }, 10), 'a script runs';
	is run(@$reload)->{status}, 0, 'it reloads';
	my @all = everybody();
	kill TERM => $pid;
	is finish($pid, scaled(10)), 0, 'it ends';
	is join(' ', living(@all)), '', '... and nobody is left';
};

done_testing;
