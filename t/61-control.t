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
	my @lines = grep { / error / } split /^/m, $s->new_log;
	cmp_ok scalar @lines, '>', 4, '... all the reasons';
	is $r->{err}, join('', @lines), '... exactly as in the log';
	is $s->get('/')->{status}, 200, 'it serves on';

	$s->write_conf(top => '', log => "access \@DIR\@/no/access.log\n"
	    . "error \@DIR\@/error.log info\n");
	$r = word($s, 'reload');
	is $r->{status}, 1, 'a log that cannot be opened';
	like $r->{err}, qr{reload refused: .*/no/access\.log}, '... is told';

	$s->write_conf(log => "access \@DIR\@/access.log\n"
	    . "error \@DIR\@/error.log info\n",
	    top => "control \@DIR\@/other.sock\n");
	$r = run($pyked, '-c', $s->{conf}, 'status');
	like $r->{out}, qr/^pyked runs: process $s->{pid}, since [\d: -]+$/,
	    'a control socket that has moved';
	$s->write_conf(top => '', servers => "server {\nlisten 127.0.0.1:0\n"
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
	like $r->{err}, qr/ error master: cannot reopen the access log /,
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

# --- stop, quit ---

my %long = (scripts => { long => <<'END' }, servers => <<'END_SERVER');
#!/bin/sh
echo 'Content-Type: text/plain'
echo
trap '' TERM
(setsid sleep 711 &)
sleep 712
END
server {
	listen 127.0.0.1:0
	root @SITE@
	location /cgi/ {
		cgi dir @CGI@
	}
}
END_SERVER

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
	$s->{gone} = 1;
};

subtest 'quit' => sub {
	my $s = daemon(workers => 1, scripts => { slow => <<'END' }, servers => $long{servers});
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
	$s->{gone} = 1;
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
	my @silent = map { dial($s) } 1 .. 12;
	is scalar(grep { $_ } @silent), 12, 'many that say nothing';
	is $s->get('/')->{status}, 200, 'it serves on';
	my $r = word($s, 'status');
	is $r->{status}, 0, 'they are dropped, and the next one is heard';
	cmp_ok time - $start, '<', scaled(30), '... in time';
	@silent = ();
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
	like $r->{err}, qr{control socket \S+/named: Address already in use},
	    '... is told';
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
	like $r->{err}, qr/Address already in use/, '... is not';
	ok !-e "$other->{dir}/pyked.pid", '... and no pid file is left';
	is word($s, 'status')->{status}, 0, 'it works on';
	$s->stop;

	$s = Pyked->prepare;
	mkdir control($s);
	$s->launch;
	ok $s->wait_ready(1), 'without one that nobody named it starts';
	like $s->log . $s->output, qr/warn master: cannot use the control/,
	    '... with a warning';
	$r = word($s, 'reload');
	is $r->{status}, 1, 'reload';
	like $r->{err}, qr/cannot be used: .*kill -HUP $s->{pid}/,
	    '... names the other way';
	is word($s, 'status')->{status}, 0, 'status knows that it runs';
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
	$s->{gone} = 1;
};

done_testing;
