#!/usr/bin/perl
# Death: workers under load come back and take no log line with them; without
# the master, nothing stays.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(time sleep);

use Pyked;

my $kills = $ENV{PYKED_KILLS} || 15;
my $clients = 4;
my $s = Pyked->start(workers => 2, files => { 'index.html' => "home\n" });

# A client that asks for ever new addresses, over keep-alive connections and
# new ones, and notes those it has the whole answer of.
sub load_client {
	my ($id, $stop) = @_;
	my $n = 0;
	my $c;

	open my $answered, '>', "$s->{dir}/answered.$id" or die "$!";
	until (-e $stop) {
		$c //= client($s) or next;
		my $target = "/?$id." . $n++;
		my $r = $c->get($target);
		if ($r->{status} eq '200' && $r->{complete}) {
			print $answered "$target\n";
			undef $c if $n % 50 == 0;
		} else {
			undef $c;
		}
	}
	close $answered;
}

subtest "kill -9 of workers under load, $kills times" => sub {
	my $stop = "$s->{dir}/stop";
	my @load = map { my $id = $_; background(sub {
		load_client($id, $stop);
	}) } 1 .. $clients;
	my ($missing, @took) = 0;

	for my $i (1 .. $kills) {
		sleep 0.15;
		my @workers = $s->workers;
		my $victim = $workers[$i % @workers];
		my $start = time;
		kill KILL => $victim;
		wait_until {
			my @now = $s->workers;
			@now == 2 && !grep { $_ == $victim } @now;
		} 12 or $missing++;
		push @took, time - $start;
	}
	spew($stop, '');
	is scalar(grep { finish($_, 10) ne '0' } @load), 0, 'clients end well';
	is $missing, 0, 'each came back';
	@took = sort { $a <=> $b } @took;
	cmp_ok $took[$#took / 2], '<', scaled(0.5), '... most at once';
	diag sprintf 'a killed worker was back after %.0f ms, %.0f ms at most',
	    1000 * $took[$#took / 2], 1000 * $took[-1];
};

subtest 'no line is lost' => sub {
	my @answered = map { split /\n/, slurp("$s->{dir}/answered.$_") }
	    1 .. $clients;
	my %logged;
	wait_until {
		%logged = ();
		for ($s->access) {
			$logged{$1}++ if m{"GET (/\?\S+) HTTP};
		}
		!grep { !$logged{$_} } @answered;
	};
	my @lost = grep { !$logged{$_} } @answered;
	my @twice = grep { $logged{$_} > 1 } keys %logged;
	cmp_ok scalar @answered, '>', 100, scalar(@answered)
	    . ' requests were answered';
	is "@lost", '', '... and each has its line in the access log';
	is "@twice", '', '... just one';
	is scalar(grep { !/\n\z/ || /" \d{3} .*" \d{3} / } $s->access), 0,
	    'no line is torn';
};

subtest 'requests in flight' => sub {
	$s->put_file('large.bin', 'y' x (16 << 20));
	my @c = map {
		my $c = client($s, rcvbuf => 4096);
		$c->send(Pyked::Http::bytes(GET => "/large.bin?flight$_"));
		$c->need(1000, time + scaled(5));
		$c;
	} 1 .. 3;
	$s->set_mark;
	kill KILL => $s->workers;
	for my $i (1 .. 3) {
		ok $s->wait_log(qr{large\.bin\?flight$i\b}),
		    "request $i is named in the error log";
	}
	like $s->new_log, qr/killed|signal 9|SIGKILL/i, '... with the reason';
	eventually { $s->workers == 2 } 12, 'all workers at once: all back';
	isnt +($_->rest(scaled(5)))[1], 'timeout', 'the clients notice'
	    for @c;
	is $s->get('/')->{status}, 200, 'they serve';
};

subtest 'kill -9 of the master' => sub {
	my $port = $s->port;
	my @all = ($s->workers);
	my $idle = client($s);
	$idle->get('/');
	my $busy = client($s, rcvbuf => 4096);
	$busy->send(Pyked::Http::bytes(GET => '/large.bin?orphan'));
	$busy->need(1000, time + scaled(5));
	my $fast = client($s);
	is $fast->get('/?last')->{status}, 200, 'one request before';
	kill KILL => $s->{pid};
	my $start = time;
	eventually { !$s->running } 2, 'the master is gone';
	eventually { !client($port) } 5, 'no new connection is taken';
	eventually { !grep { is_alive($_) } @all } 6,
	    'its workers are gone';
	my $took = time - $start;
	cmp_ok $took, '<', scaled(5), '... within five seconds';
	diag sprintf 'without its master all was gone after %.1f s', $took;
	my ($last) = grep { m{/\?last } } $s->access;
	ok $last, 'the line of the last request was written';
	$idle->close;
	$busy->close;

	my $next = Pyked->prepare(files => { 'index.html' => "next\n" },
	    servers => <<"END");
server {
	listen 127.0.0.1:$port
	root \@SITE\@
}
END
	ok $next->launch->wait_ready(1), 'the port is free for the next';
	is $next->get('/')->{body}, "next\n", '... which serves';
	$next->stop;
};

is join('', grep { !/died|killed|signal|was serving|flight/i } $s->complaints),
    '', 'nothing bad in the log';
done_testing;
