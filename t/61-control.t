#!/usr/bin/perl
# A server that is spoken to: reload, reopen, status, stop and quit, and the
# control socket they use.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX;
use Test::More;
use Time::HiRes qw(time);

use Pyked;

my $root = $> == 0;
my $pyked = Pyked::program();

sub word {
	my ($s, @word) = @_;

	return run($pyked, '-c', $s->{conf}, @word);
}

sub control { "$_[0]{dir}/pyked.sock" }

sub dial {
	my ($s) = @_;

	return IO::Socket::UNIX->new(Peer => control($s));
}

# What the master says to bytes, up to the end.
sub say_raw {
	my ($s, $bytes) = @_;
	my $c = dial($s) or return "no connection: $!";
	my $all = '';

	syswrite $c, $bytes;
	eval {
		local $SIG{ALRM} = sub { die "timeout\n" };
		alarm scaled(20);
		1 while sysread $c, $all, 4096, length $all;
		alarm 0;
	};
	return $@ || $all;
}

# The names of a process's listening sockets that are in no folder.
sub names_of {
	my ($pid) = @_;
	my %inode = map { /^socket:\[(\d+)\]/ ? ($1 => 1) : () }
	    map { (readlink) // '' } glob "/proc/$pid/fd/*";

	return map { /(\d+) (\@\S+)$/ && $inode{$1} ? $2 : () }
	    split /\n/, slurp('/proc/net/unix');
}

# A server in the background.
sub daemon {
	my (%o) = @_;
	my $s = Pyked->prepare(files => { 'index.html' => "home\n" }, %o);
	my $r = run($pyked, '-c', $s->{conf});

	is $r->{status}, 0, 'a server starts' or diag $r->{err};
	$s->{pid} = slurp("$s->{dir}/pyked.pid") + 0;
	$s->{ports}{http} = [$s->log =~ m{listening on http://\S*:(\d+)/}g];
	return $s;
}

# Such a server has ended, or does now.
sub over {
	my ($s) = @_;

	kill KILL => grep { is_alive($_) } $s->{pid},
	    Pyked::descendants($s->{pid}) if $s->{pid};
	$s->{gone} = 1;
}

# --- reload ---

subtest 'reload' => sub {
	my $s = Pyked->start(workers => 2, files => { 'index.html' => 'x' });
	my $r = word($s, 'reload');
	is $r->{status}, 0, 'reload';
	is $r->{out}, "generation 2 serves\n", '... waits, and says the result';
	is $r->{err}, '', '... and nothing else';
	like $s->log, qr/ready: generation 2\b/, '... which is true';

	$s->write_conf(top => "drain never\nlimitz 3\n");
	$s->set_mark;
	$r = word($s, 'reload');
	is $r->{status}, 1, 'a broken configuration';
	is $r->{out}, '', '... no generation';
	my ($at) = $s->{conf} =~ m{([^/]+)$};
	like $r->{err}, qr{^reload\ refused:\ 2\ mistakes;\ generation\ 2\ serves
	    \ on\n\S+/\Q$at\E:7:7:\ .*\n\ +7\ \|\ drain\ never\n\ +\|\ {7}\^{5}.*\n
	    \S+/\Q$at\E:8:1:\ .*\n\ +8\ \|\ limitz\ 3\n\ +\|\ \^{6}.*\n\z}x,
	    '... all the reasons, as a start would show them';
	my @missing = grep { index($s->new_log, " error master: reload "
	    . "refused: $_\n") < 0 } (split /\n/, $r->{err})[1 .. 6];
	is "@missing", '', '... and all of them are in the log';
	is $s->get('/')->{status}, 200, 'it serves on';

	$s->write_conf(top => '', log => "access \@DIR\@/no/access.log\n"
	    . "error \@DIR\@/error.log info\n");
	$r = word($s, 'reload');
	is $r->{status}, 1, 'a log that cannot be opened';
	like $r->{err}, qr{^\S+:4:8: cannot open the access log .*/no/access\.log}m,
	    '... is told';

	$s->write_conf(log => "access \@DIR\@/access.log\n"
	    . "error \@DIR\@/error.log info\n", servers => "server {\nlisten 127.0.0.1:0\n"
	    . "root \@SITE\@\n}\n");
	$r = word($s, 'reload');
	is $r->{status}, 0, 'mended';
	like $r->{out}, qr/^generation \d+ serves$/, '... it works again';
	$s->allow(qr/reload refused/);
	$s->stop;
	ok !-e control($s), 'the socket goes with it';
};

subtest 'reloads at once' => sub {
	my $s = Pyked->start;
	my @pids = map { my $n = $_; background(sub {
		open STDOUT, '>', "$s->{dir}/out.$n";
		exec $pyked, '-c', $s->{conf}, 'reload';
	}) } 1 .. 12;
	is join(' ', map { finish($_, 30) } @pids), join(' ', (0) x 12),
	    'more than there is room for: all are answered';
	my %said = map { slurp("$s->{dir}/out.$_") => 1 } 1 .. 12;
	my @odd = grep { !/^generation (?!1 )\d+ serves\n\z/ } keys %said;
	is "@odd", '', '... with a generation';
	$s->stop;
};

subtest 'a reload that cannot listen' => sub {
	my $s = Pyked->start;
	$s->write_conf(workers => 2, servers => <<"END");
server {
	listen 127.0.0.1:0
	listen 203.0.113.7:0
	root \@SITE\@
}
END
	my $r = word($s, 'reload');
	is $r->{status}, 1, 'an address that is not ours';
	like $r->{err}, qr/cannot listen on 203\.0\.113\.7:0 .*no such address/,
	    '... is the reason';
	$s->allow(qr/reload refused/);
	$s->stop;
};

# --- reopen, status ---

subtest 'reopen' => sub {
	my $s = Pyked->start;
	rename $s->{access_log}, "$s->{access_log}.1";
	my $r = word($s, 'reopen');
	is "$r->{status} $r->{out}", "0 logs reopened\n", 'reopen';
	ok -e $s->{access_log}, '... has been done when it returns';
	unlink $s->{access_log};
	mkdir $s->{access_log};
	$r = word($s, 'reopen');
	is $r->{status}, 1, 'a log that cannot be opened';
	like $r->{err}, qr/^cannot reopen the access log /,
	    '... is told';
	rmdir $s->{access_log};
	$s->allow(qr/cannot reopen/);
	$s->stop;
};

subtest 'status' => sub {
	my $s = Pyked->start(workers => 2, files => { 'index.html' => 'x' });
	my @workers = $s->workers;
	$s->get('/') for 1 .. 3;
	my $c = client($s);
	is $c->get('/')->{status}, 200, 'one that stays';
	my $port = $s->port;
	my $r;
	eventually {
		my $n = 0;
		$r = word($s, 'status');
		$n += $_ for $r->{out} =~ /, (\d+) requests?$/mg;
		$n == 4;
	} 5, 'status counts requests' or diag $r->{out};
	is $r->{status}, 0, '... and says that it runs';
	like $r->{out}, qr/^pyked runs: process $s->{pid}, for \d+ second/,
	    '... since when';
	like $r->{out}, qr/with \Q$s->{conf}\E$/m, '... with which file';
	like $r->{out}, qr{^generation 1 serves: 2 workers\n  listens on +http://127\.0\.0\.1:$port/\n}m,
	    '... where';
	like $r->{out}, qr/^  accepted +[1-9]\d* in all, \d+ wake-ups? in vain$/m,
	    '... how many connections';
	my %process = $r->{out} =~ /^  worker (\d) +process (\d+), \d+ conn/mg;
	is join(' ', sort { $a <=> $b } values %process), "@workers",
	    '... its workers';
	is join(' ', sort keys %process), '0 1', '... by number';
	eventually { word($s, 'status')->{out} =~ /1 connection,/ } 5,
	    '... and connections';
	word($s, 'reload');
	like word($s, 'status')->{out}, qr/^generation\ 2\ serves:\ 2\ workers\n
	    .*^generation\ 1\ finishes\ what\ it\ began:\ 1\ worker\n/msx,
	    'after a reload: the old one has its client still';
	$s->stop;
};

# --- a configuration that has changed ---

# What a server is found by is changed while it runs.
my %moved = (
	'the pid file' => sub { s/pyked\.pid/new.pid/ },
	'the control socket' => sub { $_ .= "control $_[0]{dir}/new.sock\n" },
	'both' => sub { s/pyked\.pid/new.pid/;
	    $_ .= "control $_[0]{dir}/new.sock\n" },
);

for my $what (sort keys %moved) {
	subtest "$what elsewhere" => sub {
		my $s = daemon(workers => 2);
		my @all = ($s->{pid}, $s->workers);
		local $_ = slurp($s->{conf});
		$moved{$what}->($s);
		spew($s->{conf}, $_);
		my $r = word($s, 'status');
		is $r->{status}, 0, 'status';
		like $r->{out}, qr/^pyked runs: process $s->{pid}, for .*\n.*serves/,
		    '... finds it, and all there is to say';
		is word($s, 'reopen')->{status}, 0, 'reopen';
		$r = word($s, 'reload');
		is $r->{status}, 0, 'reload';
		like $r->{out}, qr/^generation 2 serves$/m, '... is done';
		like $r->{err}, qr/"$_" needs a restart/, '... but for this'
		    for $what =~ /pid|both/ ? 'pidfile' : (),
		    $what =~ /control|both/ ? 'control' : ();
		$r = run($pyked, '-c', $s->{conf});
		is $r->{status}, 1, 'a second start';
		like $r->{err}, qr/another pyked runs already\b.*process $s->{pid}\b/,
		    '... is refused';
		ok !-e "$s->{dir}/new.pid", '... and leaves nothing';
		@all = (@all, $s->workers);
		$r = word($s, 'stop');
		is "$r->{status} $r->{out}", "0 pyked has stopped\n", 'stop';
		is join(' ', grep { is_alive($_) } @all), '', '... is true';
		$r = word($s, 'stop');
		is "$r->{status} $r->{out}", "0 pyked is not running\n",
		    'once more';
		over($s);
	};
}

# Without the name of the file one of the other roads has to do.
subtest 'other roads' => sub {
	plan skip_all => 'needs root, and unshare' if !$root
	    || run(qw(unshare -n true))->{status} ne '0';
	my $s = daemon(workers => 1);
	my @away = (qw(unshare -n), $pyked, '-c', $s->{conf});
	is run(@away, 'reload')->{status}, 0, 'the control socket';
	my $sound = slurp($s->{conf});
	spew($s->{conf}, $sound =~ s/pyked\.pid/new.pid/r
	    . "control $s->{dir}/pyked.sock\n");
	my $r = run(@away, 'status');
	like $r->{out}, qr/^pyked runs: process $s->{pid}, for/,
	    '... also when the pid file is another one';
	spew($s->{conf}, $sound);
	unlink control($s);
	$r = run(@away, 'status');
	like $r->{out}, qr/^pyked runs: process $s->{pid}, since /,
	    'the pid file alone: status';
	$r = run(@away, 'reload');
	is $r->{status}, 1, '... reload';
	like $r->{err}, qr/cannot be used: it is not there \(a restart makes it again\); .*kill -HUP $s->{pid}/,
	    '... says what there is to do';
	is word($s, 'reload')->{status}, 0,
	    'by its name it is reached without the socket';
	$r = run(@away, 'stop');
	is $r->{status}, 0, '... stop';
	ok !is_alive($s->{pid}), '... is true';
	over($s);
};

# Who has the name of a file need not be its master.
subtest 'a name that is taken' => sub {
	plan skip_all => 'needs root' unless $root;
	my $s = daemon(workers => 1);
	my ($name) = grep { slurp('/proc/net/unix') =~ /\Q$_\E$/m }
	    map { /(\@pyked-[0-9a-f]{16})$/ } names_of($s->{pid});
	ok $name, 'it has one' or return;
	word($s, 'stop');
	my $squatter = background(sub {
		$( = $) = (getpwnam 'nobody')[3];
		$< = $> = (getpwnam 'nobody')[2];
		my $l = IO::Socket::UNIX->new(Local => "\0" . substr($name, 1),
		    Listen => 1) or die "squat: $!";
		sleep 1000;
	});
	wait_until { slurp('/proc/net/unix') =~ /\Q$name\E$/m };
	my $r = word($s, 'stop');
	is "$r->{status} $r->{out}", "0 pyked is not running\n",
	    'nobody is not believed';
	ok is_alive($squatter), '... nor ended';
	$r = run($pyked, '-c', $s->{conf});
	is "$r->{status} $r->{err}", '0 ', 'a server starts without it';
	$s->{pid} = slurp("$s->{dir}/pyked.pid") + 0;
	is word($s, 'reload')->{status}, 0, '... and is found by its files';
	is word($s, 'stop')->{status}, 0, '... stop';
	ok !is_alive($s->{pid}), '... is true';
	kill KILL => $squatter;
	finish($squatter);
	over($s);
};

subtest 'what a reload would change' => sub {
	my $s = Pyked->start(workers => 1, top => "user www-data\n");
	my $r = word($s, '-t');
	is $r->{status}, 0, '-t';
	like $r->{out}, qr/^  a reload     of process $s->{pid} would change nothing\n\z/m,
	    '... with the same file';
	spew($s->{conf}, slurp($s->{conf}) =~ s/workers 1/workers 3/r
	    =~ s/pyked\.pid/new.pid/r =~ s/(root .*)/$1\nlocation \/x\/ {\nindex x\n}/r);
	$r = word($s, '-t');
	is $r->{status}, 0, 'with another';
	like $r->{out}, qr/would change:\n/, '... what would change';
	like $r->{out}, qr/^    - workers 1\n    \+ workers 3$/m, '... a value';
	like $r->{out}, qr/^    \+ server: location \/x\/\n    \+ server: location \/x\/: index x$/m,
	    '... a block';
	like $r->{out}, qr/^    - pidfile \S+pyked\.pid \(needs a restart\)\n    \+ pidfile \S+new\.pid \(needs a restart\)$/m,
	    '... and what would not';
	is scalar(() = $r->{out} =~ /^    [-+] /mg), 8, '... no more'
	    or diag $r->{out};
	$s->stop;
};

# --- stop, quit ---

my %long = (scripts => { long => <<'END' });
#!/bin/sh
echo 'Content-Type: text/plain'
echo
trap '' TERM
(setsid sleep 711 &)
sleep 712
END

subtest 'stop' => sub {
	my $s = daemon(workers => 2, %long);
	my $c = client($s);
	$c->send(Pyked::Http::bytes(GET => '/cgi/long'));
	my @all;
	eventually {
		@all = ($s->{pid}, Pyked::descendants($s->{pid}));
		(grep { slurp("/proc/$_/cmdline") =~ /^sleep\x{0}71[12]/ }
		    @all) == 2;
	} 10, 'a script that does not want to end';
	my $r = word($s, 'stop');
	is "$r->{status} $r->{out}", "0 pyked has stopped\n", 'stop';
	is join(' ', grep { is_alive($_) } @all), '',
	    '... returns when nothing of it is left';
	ok !-e "$s->{dir}/pyked.pid" && !-e control($s), '... nor a file';
	over($s);
};

subtest 'quit' => sub {
	my $s = daemon(workers => 1, scripts => { slow => <<'END' });
#!/bin/sh
echo 'Content-Type: text/plain'
echo
echo begun
read line <"$0.go"
echo done
END
	POSIX::mkfifo("$s->{cgi}/slow.go", 0600);
	chown +(getpwnam 'www-data')[2, 3], "$s->{cgi}/slow.go" if $root;
	chmod 0755, $s->{cgi};
	my $c = client($s);
	$c->send(Pyked::Http::bytes(GET => '/cgi/slow'));
	# Opening it waits for the script.
	my $go;
	eval {
		local $SIG{ALRM} = sub { die "timeout\n" };
		alarm scaled(10);
		open $go, '>', "$s->{cgi}/slow.go";
		alarm 0;
	};
	ok $go, 'a request has begun';
	my $pid = background(sub {
		exec $pyked, '-c', $s->{conf}, 'quit' });
	ok $s->wait_log(qr/stopping when all requests are answered/),
	    'quit is heard';
	ok is_alive($pid) && is_alive($s->{pid}), 'both wait for it';
	print $go "go\n";
	close $go;
	like $c->response->{body}, qr/begun\ndone\n/, 'it is answered whole';
	undef $c;
	is finish($pid, 15), 0, 'then quit is done';
	ok !is_alive($s->{pid}), '... and the server is gone';
	over($s);
};

subtest 'a server that cannot end' => sub {
	my $s = Pyked->start;
	my $r;
	spew($s->{conf}, slurp($s->{conf}) . "}\nnonsense\n");
	$r = word($s, 'status');
	is $r->{status}, 0, 'with a broken configuration: status';
	$r = word($s, 'stop');
	is $r->{status}, 0, '... stop' or diag $r->{err};
	ok !is_alive($s->{pid}), '... has been done';
	ok wait_until { !$s->running }, 'it has ended';
};

subtest 'reload while it ends' => sub {
	my $s = daemon(workers => 1, top => "drain 20s\n");
	# Each keeps its generation for a while; more than four there are not.
	my @kept;
	for (1 .. 3) {
		push @kept, client($s);
		is $kept[-1]->get('/')->{status}, 200, 'a client that stays';
		is word($s, 'reload')->{status}, 0, '... over a reload';
	}
	push @kept, client($s);
	$kept[-1]->get('/');
	my $waits = dial($s);
	syswrite $waits, "reload\n";
	is scalar(() = word($s, 'status')->{out} =~ /^generation /mg), 4,
	    'no generation more';
	kill QUIT => $s->{pid};
	local $SIG{ALRM} = sub { die "no answer\n" };
	alarm scaled(10);
	is join('', <$waits>), "!pyked: the server is stopping\n=1\n",
	    'a reload that waits is told why it is not done';
	alarm 0;
	ok is_alive($s->{pid}), '... before the end';
	my $r = word($s, 'reload');
	is $r->{status}, 1, 'and one that comes then';
	is $r->{err}, "pyked: the server is stopping\n", '... too';
	is word($s, '-t')->{status}, 0, '-t does not mind';
	is word($s, 'stop')->{status}, 0, 'stop ends it';
	ok !is_alive($s->{pid}), '... at once';
	over($s);
};

# --- who may ---

subtest 'others' => sub {
	plan skip_all => 'needs root' unless $root;
	my $s = Pyked->start;
	run('cp', $pyked, "$s->{dir}/program");
	chmod 0755, $s->{dir};
	chmod 0644, $s->{conf};
	my @nobody = (qw(setpriv --reuid nobody --clear-groups),
	    "$s->{dir}/program", '-c', $s->{conf});
	for my $word (qw(reload reopen)) {
		my $r = run(@nobody, $word);
		is $r->{status}, 1, "$word is not for everybody";
		like $r->{err}, qr/Permission denied; try it as root \(sudo\)/,
		    '... and says what to do';
	}
	for my $word (qw(stop quit)) {
		my $r = run(@nobody, $word);
		is $r->{status}, 1, "$word is not for everybody";
		like $r->{err}, qr/not permitted; try it as root \(sudo\)/,
		    '... and says what to do';
	}
	my $r = run(@nobody, 'status');
	is $r->{status}, 0, 'that it runs everybody may know';
	like $r->{out}, qr/^pyked runs: process $s->{pid}, .*sudo/,
	    '... and how to know more';
	chmod 0600, $s->{conf};
	$r = run(@nobody, 'status');
	is $r->{status}, 4, 'not if the file is secret';
	like $r->{err}, qr/denied; try it as root/, '... which is told';
	is sprintf('%o', (stat control($s))[2] & 07777), '600',
	    'the socket is root\'s';
	my ($worker) = $s->workers;
	# A worker has no part of it.
	my %inode = map { $_ => 1 } slurp('/proc/net/unix')
	    =~ /(\d+) \Q@{[control($s)]}\E$/mg;
	my @has = grep { /^socket:\[(\d+)\]/ && $inode{$1} }
	    map { (readlink) // '' } glob "/proc/$worker/fd/*";
	is scalar @has, 0, 'and not its workers\'';
	$s->stop;
};

# --- the socket ---

subtest 'rude clients' => sub {
	my $s = Pyked->start(files => { 'index.html' => "home\n" });
	like say_raw($s, "dance\n"), qr/^!pyked: .*\n=1\n\z/, 'a wrong word';
	like say_raw($s, 'x' x 4000), qr/\A(?:!pyked: .*\n=1\n)?\z/,
	    'a long one';
	like say_raw($s, "status\nstatus\n"), qr/\A!.*=1\n\z/s, 'two at once';
	my $start = time;
	# Those that wait to be accepted wait in connect().
	my @crowd = map { background(sub {
		my @silent = map { dial($s) } 1 .. 10;
		sleep 1000;
	}) } 1 .. 10;
	my @fds = glob "/proc/$s->{pid}/fd/*";
	is $s->get('/')->{status}, 200, 'a hundred that say nothing: it serves';
	my $most = 0;
	for (1 .. 3) {
		is word($s, 'status')->{status}, 0, '... and is heard';
		my @now = glob "/proc/$s->{pid}/fd/*";
		$most = @now if @now > $most;
	}
	cmp_ok time - $start, '<', scaled(20), '... in time';
	cmp_ok $most - @fds, '<=', 8, '... with few descriptors';
	kill KILL => @crowd;
	finish($_) for @crowd;
	my $alone = dial($s);
	is sysread($alone, my $nothing, 1), 0, 'one that says nothing is '
	    . 'dropped';
	my $gone = dial($s);
	syswrite $gone, "reload\n";
	close $gone;
	is word($s, 'reload')->{status}, 0, 'one that does not wait';
	my $mute = dial($s);
	syswrite $mute, "rel";
	is word($s, 'reload')->{status}, 0, 'one that stops in the middle';
	$s->stop;
};

subtest 'its place' => sub {
	my $s = Pyked->prepare(top => "control \@DIR\@/named\n");
	spew("$s->{dir}/named", "precious\n");
	my $r = run($pyked, '-f', '-c', $s->{conf});
	is $r->{status}, 1, 'a file in its place';
	like $r->{err}, qr{control socket \S+/named: something is there that is no socket: remove it, or name another},
	    '... is told, with a cure';
	is slurp("$s->{dir}/named"), "precious\n", '... and left alone';
	unlink "$s->{dir}/named";
	IO::Socket::UNIX->new(Local => "$s->{dir}/named", Listen => 1)->close;
	ok -S "$s->{dir}/named", 'a socket of the dead';
	$s->launch;
	ok $s->wait_ready(1), '... is replaced';
	is word($s, 'status')->{status}, 0, '... and works';
	$s->allow(qr/cannot use the control socket/);
	my $other = Pyked->prepare(top => "control $s->{dir}/named\n");
	$r = run($pyked, '-f', '-c', $other->{conf});
	is $r->{status}, 1, 'that of the living';
	like $r->{err}, qr/another program listens there: /, '... is not';
	ok !-e "$other->{dir}/pyked.pid", '... and no pid file is left';
	is word($s, 'status')->{status}, 0, 'it works on';
	$s->stop;

	$s = Pyked->prepare;
	mkdir control($s);
	$s->launch;
	ok $s->wait_ready(1), 'without one that nobody named it starts';
	like $s->log . $s->output, qr/warn master: cannot use the control/,
	    '... with a warning';
	is word($s, 'reload')->{status}, 0, 'reload finds another way';
	is word($s, 'status')->{status}, 0, 'status too';
	$s->stop;
};

# A shell's worth of looking takes the lock for a moment.
subtest 'looking keeps nobody from starting' => sub {
	my $s = Pyked->prepare;
	spew("$s->{dir}/pyked.pid", '');
	my $looker = background(sub {
		while (1) { run($pyked, '-c', $s->{conf}, 'status') }
	});
	my @failed;
	for (1 .. 5) {
		my $r = run($pyked, '-c', $s->{conf});
		push @failed, $r->{err} if $r->{status};
		run($pyked, '-c', $s->{conf}, 'stop');
	}
	is join('', @failed), '', 'all starts went well';
	kill KILL => $looker;
	finish($looker, 5);
	over($s);
};

done_testing;
