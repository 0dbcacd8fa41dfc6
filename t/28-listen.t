#!/usr/bin/perl
# Where pyked listens: UNIX sockets, IPv6, several addresses; what a reload
# keeps, adds and takes away.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX ();
use Test::More;
use Time::HiRes qw(time);

use Pyked;

my $long = 'x' x 120;
my $echo = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
    . 'echo "$REMOTE_ADDR|$REMOTE_PORT|$SERVER_NAME|$SERVER_PORT'
    . "|\$SERVER_ADDR\"\n";

# The listen lines of one server.
sub site {
	return "server {\n" . join('', map { "\tlisten $_\n" } @_)
	    . "\troot \@SITE\@\n\tlocation /cgi/ { cgi dir \@CGI\@ }\n}\n";
}

sub ask {
	my ($where, $target, $host, @more) = @_;
	my $c = client($where, @more) or return 'refused';
	my $r = $c->send("GET $target HTTP/1.1\r\nHost: " . ($host // 'h')
	    . "\r\nConnection: close\r\n\r\n")->response;

	return $r->{body};
}

sub mode { sprintf '%03o', (stat $_[0])[2] & 0777 }

sub reload {
	my ($s, $generation, @listens) = @_;

	$s->set_mark;
	$s->write_conf(servers => site(@listens));
	$s->signal('HUP');
	return ok $s->wait_log(qr/ready: generation $generation\b/, 10),
	    "generation $generation";
}

my $s = Pyked->prepare(tls => 1, files => { 'index.html' => "first\n",
    big => 'b' x (4 << 20) },
    scripts => { echo => $echo });
my $d = $s->{dir};
mkdir "$d/$long";
$s->write_conf(servers => site('127.0.0.1:0', 'unix:@DIR@/web.sock',
    'unix:relative.sock mode 600 backlog 5', "unix:\@DIR\@/$long/s"));
my $dead = IO::Socket::UNIX->new(Local => "$d/web.sock", Listen => 1) or die;
close $dead;
ok -S "$d/web.sock", 'a socket that nobody listens on any more';
$s->up;
my $port = $s->port;

subtest 'UNIX sockets' => sub {
	is ask("$d/web.sock", '/'), "first\n", 'is taken over';
	is ask("$d/relative.sock", '/'), "first\n", 'beside the configuration';
	is run('curl', '-sS', '--noproxy', '*', '--unix-socket',
	    "$d/web.sock", 'http://x/')->{out}, "first\n", 'curl';
	ok -S "$d/$long/s", 'a long path';
	is mode("$d/web.sock"), '666', 'for all by default';
	is mode("$d/relative.sock"), '600', 'mode';
	is ask("$d/web.sock", '/cgi/echo'), "unix:||h|80|unix:\n",
	    'what a script sees';
	is ask("$d/web.sock", '/cgi/echo', 'h:81'), "unix:||h|81|unix:\n",
	    'with a port in Host';
	my $c = client("$d/web.sock");
	is $c->send("GET /cgi/echo HTTP/1.0\r\n\r\n")->response->{body},
	    "unix:||localhost|80|unix:\n", 'without a host';
	$c = client("$d/web.sock");
	is $c->get('/')->{body}, "first\n", 'keep-alive' for 1, 2;
	ok wait_until { grep { /^unix: - - \[.*"GET \/ / } $s->access },
	    'the access log';
	like $s->log, qr{listening on http://unix:\Q$d\E/web.sock/$}m,
	    'the error log';
	like run(Pyked::program(), '-c', $s->{conf}, 'status')->{out},
	    qr{http://unix:\Q$d\E/web.sock/$}m, 'status';
	is ask($port, '/'), "first\n", 'beside a port';
};

subtest 'a second server' => sub {
	my $other = Pyked->prepare;
	$other->write_conf(servers => site("unix:$d/web.sock"));
	$other->launch;
	eventually { !$other->running } 10, 'does not start';
	is $other->{status}, 1, 'with a status';
	like $other->output . $other->log, qr{cannot\ listen\ on
	    \ unix:\Q$d\E/web.sock\ .*listens\ there\ already}x, 'says why';
	is ask("$d/web.sock", '/'), "first\n", 'and the first goes on';
	spew("$d/file", "precious\n");
	$other->write_conf(servers => site("unix:$d/file"));
	$other->launch;
	eventually { !$other->running } 10, 'a file is no socket';
	is slurp("$d/file"), "precious\n", '... and left as it is';
	my $r = run(Pyked::program(), '-t', '-c', $other->{conf});
	like $r->{err}, qr/cannot listen on unix:\S+file .*it is no socket/,
	    '-t says so, too';
	$other->write_conf(servers => site("unix:$d/missing/s"));
	$r = run(Pyked::program(), '-t', '-c', $other->{conf});
	like $r->{err}, qr/no such folder/, '... and of a folder';
	ok !-e "$d/missing", '... which it does not make';
};

# The kernel says of other sockets that they have room again, but not of these.
subtest 'a reader that pauses' => sub {
	my $c = IO::Socket::UNIX->new(Peer => "$d/web.sock") or die $!;
	my ($got, $start) = ('', time);

	print $c "GET /big HTTP/1.0\r\n\r\n";
	$c->flush;
	for my $pause (1 .. 2) {
		sysread $c, $got, 100_000, length $got;
		select undef, undef, undef, 1.5;	# the pause itself
	}
	1 while sysread $c, $got, 1 << 20, length $got;
	is length($got =~ s/.*?\r\n\r\n//sr), 4 << 20, 'has all';
	cmp_ok time - $start, '<', scaled(10), 'as soon as it reads again';
};

subtest 'reload' => sub {
	my $inode = (stat "$d/web.sock")[1];
	my $open = client("$d/web.sock");
	is $open->get('/')->{body}, "first\n", 'a connection is open';
	my $stop = "$d/stop";
	my @clients = map {
		my $where = $_;
		background(sub {
			until (-e $stop) {
				my $body = ask($where, '/');
				die "$where: $body\n" if $body ne "first\n";
			}
		});
	} "$d/web.sock", "$d/web.sock", $port, $port;

	reload($s, 2, '127.0.0.1:0', 'unix:@DIR@/web.sock mode 640',
	    'unix:@DIR@/new.sock', '127.0.0.2:0');
	is $open->get('/')->{body}, "first\n", 'it is served once more';
	is((stat "$d/web.sock")[1], $inode, 'a socket is kept');
	is mode("$d/web.sock"), '640', '... with its new mode';
	is ask("$d/new.sock", '/'), "first\n", 'one is added';
	ok !-e "$d/relative.sock", 'one is taken away';
	my ($second) = $s->new_log =~ m{http://127.0.0.2:(\d+)/};
	is ask($second, '/', 'h', host => '127.0.0.2'), "first\n",
	    'and an address is added';
	unlike $s->new_log, qr{listening on \S+web.sock},
	    'only what is new is logged';
	reload($s, 3, '127.0.0.1:0', 'unix:@DIR@/web.sock backlog 9');
	ok !-e "$d/new.sock", 'it goes again';
	eventually { ask($second, '/', 'h', host => '127.0.0.2') eq 'refused' }
	    5, 'so does the address';
	$s->set_mark;
	$s->write_conf(servers => site('127.0.0.1:0', "unix:$d/web.sock",
	    "unix:$d/fresh.sock", "unix:$d/missing/s"));
	$s->allow(qr/reload refused/);
	$s->signal('HUP');
	ok $s->wait_log(qr/cannot listen on unix:\S+missing/, 10),
	    'a reload that fails';
	ok !-e "$d/fresh.sock", '... leaves nothing';
	is ask("$d/web.sock", '/'), "first\n", '... and takes nothing';
	spew($stop, '');
	is finish($_), 0, 'no request has failed meanwhile' for @clients;
	is +(stat "$d/web.sock")[1], $inode, 'still the same socket';
};

subtest 'a name that was taken away' => sub {
	reload($s, 4, '127.0.0.1:0', 'unix:@DIR@/gone.sock');
	ok !-e "$d/web.sock", 'the old one is gone';
	unlink "$d/gone.sock" or die;
	spew("$d/gone.sock", "mine\n");
	reload($s, 5, '127.0.0.1:0', 'unix:@DIR@/last.sock');
	is slurp("$d/gone.sock"), "mine\n", 'what is there now is kept';
	# The old one may still be leaving.
	ok wait_until(sub { (my @w = $s->workers) == 1 }, 10), 'one worker';
	kill KILL => ($s->workers)[0];
	ok $s->wait_log(qr/worker 0 .*signal 9/, 10), 'a worker dies';
	is ask("$d/last.sock", '/'), "first\n", 'the name stays';
};

$s->allow(qr/signal 9/);
$s->stop;
ok !-e "$d/last.sock", 'no name is left at the end';
ok -e "$d/gone.sock", 'but what is none of ours';

subtest 'TLS' => sub {
	my $t = Pyked->prepare(tls => 1, files => { 'index.html' => "tls\n" });
	$t->write_conf(servers => <<'END');
server {
	listen 127.0.0.1:0
	listen unix:@DIR@/tls.sock tls
	certificate @CERT@ @KEY@
	root @SITE@
}
END
	$t->up;
	is run('curl', '-sS', '-k', '--noproxy', '*', '--unix-socket',
	    "$t->{dir}/tls.sock", 'https://localhost/')->{out}, "tls\n",
	    'over a UNIX socket';
	my $c = client("$t->{dir}/tls.sock");
	is $c->get('/')->{status}, 400, 'plain HTTP there';
	$t->stop('QUIT');
	ok !-e "$t->{dir}/tls.sock", 'a graceful end removes it, too';
};

subtest 'killed' => sub {
	my $t = Pyked->prepare(files => { 'index.html' => "first\n" });
	$t->write_conf(servers => site('127.0.0.1:0', 'unix:@DIR@/s'));
	$t->up;
	my @workers = $t->workers;
	kill KILL => $t->{pid};
	eventually { !$t->running } 5, 'the master is';
	ok -S "$t->{dir}/s", 'the name is still there';
	eventually { !grep { is_alive($_) } @workers } 10, 'workers go';
	unlink $t->{error_log};		# wait for what is said from now on
	$t->up;
	is ask("$t->{dir}/s", '/'), "first\n", 'and the next one takes it';
	$t->stop;
};

SKIP: {
	my $six = Pyked->prepare(files => { 'index.html' => "six\n" },
	    scripts => { echo => $echo });
	skip 'no IPv6 here', 1 unless slurp('/proc/net/if_inet6') =~ /\blo\b/;
	subtest 'IPv6' => sub {
		my $both = free_port();
		$six->write_conf(servers => site('[::1]:0 backlog 7', $both));
		$six->up;
		my ($p) = $six->log =~ m{http://\[::1\]:(\d+)/};
		is ask($p, '/', '[::1]', host => '::1'), "six\n", 'an address';
		like ask($p, '/cgi/echo', '[::1]', host => '::1'),
		    qr/^::1\|\d+\|\[::1\]\|$p\|::1$/, 'what a script sees';
		is ask($both, '/', 'h', host => $_), "six\n", "all: $_"
		    for '::1', '127.0.0.1';
		like run('ss', '-Hltn', "sport = :$p")->{out},
		    qr/^LISTEN\s+\d+\s+7\s/, 'backlog';
		$six->stop;
	};
}

done_testing;
