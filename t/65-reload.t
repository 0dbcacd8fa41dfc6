#!/usr/bin/perl
# Reloads under load: no request fails, and a wrong file changes nothing.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Socket qw(SOL_SOCKET SO_RCVBUF);
use Test::More;
use Time::HiRes qw(time sleep);

use Pyked;

my $s = Pyked->start(workers => 2, top => "drain 5s\n",
    files => { 'index.html' => 'x' x 1024 });
my $generation = 1;

# The next generation, ready; the old workers end by themselves.
sub reload {
	$s->set_mark;
	$s->signal('HUP');
	$generation++;
	return $s->wait_log(qr/ready: generation $generation\b/, 10);
}

subtest 'new workers, then no old ones' => sub {
	my %old = map { $_ => 1 } $s->workers;
	ok reload(), 'a new generation is ready';
	eventually { !grep { is_alive($_) } keys %old } 8, 'the old ended';
	is scalar $s->workers, 2, 'as many workers as before';
	is scalar(grep { $old{$_} } $s->workers), 0, 'all of them new';
	is $s->get('/')->{status}, 200, 'they serve';
};

subtest 'a new configuration' => sub {
	spew("$s->{dir}/other/index.html", "other\n");
	$s->write_conf(workers => 3, servers => <<'END');
server {
	listen 127.0.0.1:0
	root @DIR@/other
}
END
	ok reload(), 'ready';
	eventually { $s->get('/')->{body} eq "other\n" } 5, 'another root';
	eventually { $s->workers == 3 } 8, 'another number of workers';
	$s->write_conf(workers => 2, servers => undef);
	ok reload(), 'and back';
	eventually { length $s->get('/')->{body} == 1024 } 5, 'the first root';
};

subtest 'an open connection' => sub {
	my $idle = client($s);
	is $idle->get('/')->{status}, 200, 'is idle';
	my $busy = client($s, rcvbuf => 4096);
	$s->put_file('large.bin', 'y' x (8 << 20));
	$busy->send(Pyked::Http::bytes(GET => '/large.bin'));
	$busy->need(1000, time + 5);
	my $half = client($s)->send("GET / HTTP/1.1\r\n");
	my $fresh = client($s);
	sleep 0.05;

	ok reload(), 'a reload';
	# The old workers hear of it just after it was logged.
	my $r;
	wait_until {
		$r = $idle->get('/');
		$r->{status} ne '200' || field($r, 'Connection') eq 'close';
	};
	is $r->{status}, 200, 'the next request on the idle one is answered';
	is field($r, 'Connection'), 'close', '... and is its last';
	# It had to be slow until now: on a busy machine it would take longer
	# than the old workers may.
	setsockopt $busy->{socket}, SOL_SOCKET, SO_RCVBUF, pack 'i', 1 << 20;
	is length $busy->response->{body}, 8 << 20, 'a download is finished';
	is $half->send("Host: x\r\n\r\n")->response->{status}, 200,
	    'half a request is finished';
	is $fresh->get('/')->{status}, 200, 'an unused one gets an answer';
	$_->close for $idle, $busy, $half, $fresh;
};

# Runs a load generator while the server reloads five times.
sub load_over_reloads {
	my ($seconds, @command) = @_;
	my $pid = background(sub {
		open STDOUT, '>', "$s->{dir}/load.out";
		open STDERR, '>&', \*STDOUT;
		exec { $command[0] } @command;
	});
	my $ready = 0;

	for (1 .. 5) {
		sleep $seconds / 6;
		$ready += reload() ? 1 : 0;
	}
	is $ready, 5, 'five reloads';
	is finish($pid, $seconds + 20), 0, "$command[0] ends well";
	return slurp("$s->{dir}/load.out");
}

subtest 'ab -k over five reloads' => sub {
	my $before = () = $s->access;
	my $out = load_over_reloads(4, 'ab', '-q', '-k', '-t', 4, '-n',
	    10000000, '-c', 20, $s->url('/'));
	my ($complete) = $out =~ /^Complete requests:\s+(\d+)/m;
	like $out, qr/^Failed requests:\s+0$/m, 'no request failed';
	unlike $out, qr/^Non-2xx/m, 'all were answered with 200';
	cmp_ok $complete // 0, '>', 100, 'there was a load';
	cmp_ok scalar $s->wait_access($before + $complete), '>=',
	    $before + $complete, 'a line for each in the access log';
} or diag slurp("$s->{dir}/load.out");

subtest 'wrk over five reloads' => sub {
	my $out = load_over_reloads(4, 'wrk', '-t1', '-c20', '-d4s',
	    $s->url('/'));
	unlike $out, qr/Socket errors/, 'no connection failed';
	unlike $out, qr/Non-2xx/, 'all were answered with 200';
	like $out, qr/[1-9]\d+ requests in/, 'there was a load';
} or diag slurp("$s->{dir}/load.out");

subtest 'a wrong file' => sub {
	my $right = slurp($s->{conf});
	my $n = () = $right =~ /\n/g;
	my %wrong = (
		'an unknown directive' => ["servr {\n}\n", $n + 1],
		'an open block' => ["server {\n", $n + 1],
		'a root that is missing' => ["server {\n"
		    . "listen 127.0.0.1:0\nroot /nowhere/at/all\n}\n", $n + 3],
		'a certificate that is missing' => ["server {\n"
		    . "listen 127.0.0.1:0 tls\nroot $s->{site}\n"
		    . "certificate /no.pem /no.key\n}\n", $n + 4],
	);

	for my $what (sort keys %wrong) {
		my ($text, $line) = @{ $wrong{$what} };
		wait_until { $s->workers == 2 } 15;
		my @workers = $s->workers;
		spew($s->{conf}, $right . $text);
		for (1, 2) {
			$s->set_mark;
			$s->signal('HUP');
			ok $s->wait_log(qr/pyked\.conf:$line\b/),
			    "$what is reported with its line"
			    or diag $s->new_log;
		}
		is join(' ', $s->workers), "@workers",
		    '... the workers are the same';
		is $s->get('/')->{status}, 200, '... and serve';
	}
	spew($s->{conf}, $right);
	ok reload(), 'a right file works again';
};

subtest 'a hundred HUPs at once' => sub {
	$s->set_mark;
	for (1 .. 100) {
		$s->signal('HUP');
		sleep 0.002;
	}
	my $most = 0;
	wait_until {
		my $n = $s->workers;
		$most = $n if $n > $most;
		$n == 2 && $s->new_log =~ /ready: generation/;
	} 15;
	cmp_ok $most, '<=', 8, 'at most four generations live at once';
	is $s->get('/')->{status}, 200, 'it serves';
	eventually { $s->workers == 2 } 15, 'two workers remain';
};

$s->allow(qr/pyked\.conf|reload|certificate|root/);
$s->stop;
done_testing;
