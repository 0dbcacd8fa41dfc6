#!/usr/bin/perl
# How scripts end: no process of one outlives its request, whatever it does,
# and no request outlives its script.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(time);

use Pyked;

# Scripts run as another user than we do: their notes go where both can write.
my $notes = temporary(0777);

my $sh = "#!/bin/sh\nhello() { echo Content-Type: text/plain; echo; }\n"
    . "note() { echo \$* >> \$NOTES/pids; }\n";
my $perl = "#!/usr/bin/perl\nuse POSIX;\n\$| = 1;\n"
    . 'sub note { open F, ">>$ENV{NOTES}/pids"; syswrite F, "@_\n" }'
    . 'sub hello { print "Content-Type: text/plain\n\nhello\n" }' . "\n";
my %scripts = (
	ok => $sh . "hello\necho ok\n",
	sleepers => $sh . "hello\necho begun\nsleep 600 &\nnote \$\$ \$!\n"
	    . "sleep 600\n",
	silent => $sh . "sleep 600 &\nnote \$\$ \$!\nsleep 600\n",
	stubborn => $perl . '$SIG{TERM} = "IGNORE"; hello;'
	    . 'if (($p = fork) == 0) { sleep 1 while 1 } note($$, $p);'
	    . 'sleep 1 while 1;',
	polite => $perl . '$SIG{TERM} = sub { open F, ">$ENV{NOTES}/term";'
	    . 'exit }; hello; note($$); sleep 1 while 1;',
	# Leaves its session twice over, and its parents behind.
	escape => $perl . 'if (fork == 0) { setsid; if (($p = fork) == 0) {'
	    . 'setsid; open STDOUT, ">/dev/null"; open STDERR, ">&STDOUT";'
	    . 'note($$); sleep 600 } note($p); sleep 600 if '
	    . '$ENV{QUERY_STRING} eq "both"; exit }'
	    . 'select undef, undef, undef, 0.2; hello;',
	'escape-holding' => $perl . 'if (fork == 0) { setsid; if (fork == 0) {'
	    . 'note($$); sleep 600 } exit }'
	    . 'select undef, undef, undef, 0.2; hello;',
	holder => $sh . "hello\necho hello\nsleep 600 &\nnote \$!\n",
	'holder-silent' => $sh . "sleep 600 &\nnote \$!\n",
	# The leader exits at once, the rest comes from its child.
	late => $perl . 'hello; exit if fork; for (1 .. 5) {'
	    . 'select undef, undef, undef, 0.1; print "$_\n" } note($$)',
	ticks => $perl . 'hello; for (1 .. 12) {'
	    . 'select undef, undef, undef, 0.1; print "$_\n" }',
	closer => $perl . 'hello; note($$); close STDOUT; sleep 600;',
	'early-exit' => $sh . "hello\nhead -c 60000 /dev/zero\n",
	flood => $perl . 'hello; note($$); $x = "x" x 65536; '
	    . 'print $x while 1;',
	group => $sh . "hello\nset -m\nsleep 600 > /dev/null 2>&1 &\n"
	    . "note \$!\necho hello\n",
	orphans => $sh . "hello\nfor i in 1 2 3 4 5 6 7 8 9; do "
	    . "( sleep 0.01 & ) ; done\necho hello\n",
);

my $s = Pyked->prepare(scripts => \%scripts, workers => 1,
    files => { 'index.html' => "home\n" });
$s->write_conf(servers => <<"END");
server {
	listen 127.0.0.1:0
	root \@SITE\@
	location /cgi/ {
		cgi dir \@CGI\@/
		env NOTES $notes
	}
	location /hasty/ {
		cgi dir \@CGI\@/
		env NOTES $notes
		cgi-limits {
			timeout 300ms 600ms
			kill 100ms 300ms
		}
	}
}
END
$s->allow(qr/ script \//);
$s->up;

# The processes that scripts wrote down, once there are n of them.
sub pids {
	my ($n) = @_;
	my @pids;

	wait_until { (@pids = split ' ', slurp("$notes/pids")) >= $n };
	unlink "$notes/pids";
	is scalar @pids, $n, "$n processes were there";
	return @pids;
}

sub gone {
	my ($seconds, $name, @pids) = @_;

	eventually { !grep { is_alive($_) } @pids } $seconds, $name;
}

# Asks and reads what comes first; the connection stays open.
sub begin {
	my ($target) = @_;
	my $c = client($s)->send(Pyked::Http::bytes(GET => $target));

	$c->fill(time + scaled(5)) unless $target =~ /silent/;
	return $c;
}

sub worker { return ($s->workers)[0] }

sub descriptors {
	my $worker = worker();
	my @fds = glob "/proc/$worker/fd/*";

	return scalar @fds;
}

sub zombies {
	my $all = processes();
	my $worker = worker();

	return grep { $all->{$_}{ppid} == $worker && $all->{$_}{state} eq 'Z' }
	    keys %$all;
}

is $s->get('/cgi/ok')->{body}, "ok\n", 'scripts run';
my $before = descriptors();

subtest 'the client leaves' => sub {
	for my $target (qw(/cgi/sleepers /cgi/silent)) {
		for my $how (qw(close abort)) {
			my $c = begin($target);
			my @pids = pids(2);
			$c->$how;
			gone(3, "$target after $how", @pids);
		}
	}
	my $c = begin('/cgi/silent');
	my @pids = pids(2);
	my $start = time;
	$c->half_close;
	gone(3, 'no answer after the end of its side', @pids);
	cmp_ok time - $start, '>', 0.9, 'not at once';
	unlike $c->response->{status}, qr{^\d}, 'and none comes';
	$c = client($s)->send(Pyked::Http::bytes(GET => '/cgi/ticks'));
	$c->half_close;
	like $c->response->{body}, qr/^hello\n1\n.*12\n\z/s,
	    'an answer that goes on is complete';
	$c = begin('/cgi/polite');
	@pids = pids(1);
	$c->close;
	gone(3, 'a polite one', @pids);
	ok -e "$notes/term", 'TERM came first';
	$c = begin('/cgi/stubborn');
	@pids = pids(2);
	$start = time;
	$c->close;
	gone(4, 'one that ignores TERM', @pids);
	cmp_ok time - $start, '>', 1.5, 'was given its time';
};

subtest 'the time is up' => sub {
	my $r = $s->get('/hasty/silent');
	is $r->{status}, 504, 'no header';
	gone(2, 'ended', pids(2));
	$r = $s->get('/hasty/stubborn');
	ok !$r->{complete}, 'no end';
	gone(2, 'ended', pids(2));
};

subtest 'what leaves its session' => sub {
	for my $target (qw(/cgi/escape /cgi/escape?both)) {
		is $s->get($target)->{body}, "hello\n", $target;
		my @pids = pids(2);
		gone(3, 'killed', @pids);
	}
	is $s->get('/cgi/group')->{body}, "hello\n", 'a group of its own';
	gone(3, 'killed', pids(1));
	ok $s->wait_log(qr/process \d+, left behind by a script, was killed/),
	    'logged';
};

subtest 'what holds the output' => sub {
	for my $target (qw(/cgi/holder /cgi/escape-holding)) {
		my $start = time;
		my $r = $s->get($target);
		is $r->{body}, "hello\n", $target;
		ok $r->{complete}, 'complete';
		cmp_ok time - $start, '<', scaled(2), 'without much delay';
		gone(3, 'killed', pids(1));
	}
	# On a busy machine one that is killed may be found once more.
	my @found = grep {
		is $s->get('/cgi/holder-silent')->{status}, 502,
		    'without a header';
		my ($pid) = pids(1);
		gone(3, 'killed', $pid);
		$s->log =~ /process $pid, left behind/;
	} 1 .. 5;
	cmp_ok scalar @found, '<', 5, 'who is in the group is not searched';
	is $s->get('/cgi/late')->{body}, "hello\n1\n2\n3\n4\n5\n",
	    'one that still writes may finish';
	gone(3, 'it is gone', pids(1));
};

subtest 'a slow client' => sub {
	my $c = client($s, rcvbuf => 4096);
	$c->send(Pyked::Http::bytes(GET => '/cgi/early-exit'));
	ok wait_until { !grep { /early-exit/ } map { slurp("/proc/$_/cmdline") }
	    Pyked::descendants($s->{pid}) }, 'the script is done';
	is length $c->response->{body}, 60_000, 'all that it wrote comes';
	$c = begin('/cgi/flood');
	my ($pid) = pids(1);
	my $state;
	eventually {
		$state = slurp("/proc/$pid/wchan") . (processes()->{$pid}
		    // {})->{state};
		$state =~ /pipe/ || $state =~ /S$/
	} 5, 'a flood is held back';
	my ($kb) = slurp('/proc/' . worker() . '/status') =~ /VmRSS:\s+(\d+)/;
	cmp_ok $kb, '<', 65_536, 'nothing piles up' unless
	    Pyked::is_sanitized();
	$c->abort;
	gone(3, 'and ended with its client', $pid);
};

subtest 'nothing is left over' => sub {
	is $s->get('/cgi/orphans')->{status}, 200, 'orphans' for 1 .. 5;
	is scalar(grep { $s->get('/cgi/ok')->{status} == 200 } 1 .. 40), 40,
	    'forty more';
	eventually { !zombies() } 5, 'no zombie';
	eventually { descriptors() <= $before } 5, 'no descriptor'
	    or diag descriptors() . " instead of $before";
};

subtest 'the worker is killed' => sub {
	my $c = begin('/cgi/sleepers');
	my $stubborn = begin('/cgi/stubborn');
	my @pids = pids(4);
	my $worker = worker();
	kill KILL => $worker;
	gone(3, 'so are its scripts', @pids);
	eventually { (worker() // $worker) != $worker } 5, 'another one comes';
	eventually { $s->get('/cgi/ok')->{status} eq 200 } 5, 'and serves';
};

subtest 'output is closed early' => sub {
	my $start = time;
	is $s->get('/cgi/closer')->{body}, "hello\n", 'answered at once';
	cmp_ok time - $start, '<', scaled(2), 'indeed';
	my ($pid) = pids(1);
	ok is_alive($pid), 'it may go on';
	gone(8, 'but not for ever', $pid);
	cmp_ok time - $start, '>', 4.5, 'a few seconds';
};

subtest 'a script leaves its worker in peace' => sub {
	my $c = begin('/cgi/sleepers');
	my @pids = pids(2);
	my ($old) = $s->workers;
	$s->signal('HUP');
	ok $s->wait_ready(2), 'a reload';
	is scalar(grep { is_alive($_) } @pids), 2, 'leaves it running';
	is $s->get('/cgi/ok')->{body}, "ok\n", 'the new worker runs scripts';
	$c->abort;
	gone(4, 'until its client leaves', @pids);
	eventually { !is_alive($old) } 5, 'and its worker is done';
};

subtest 'the drain is over' => sub {
	$s->write_conf(top => 'drain 1s');
	$s->signal('HUP');
	ok $s->wait_ready(3), 'a second to drain';
	my $c = begin('/cgi/stubborn');
	my @pids = pids(2);
	my $start = time;
	$s->signal('HUP');
	ok $s->wait_ready(4), 'a reload';
	gone(6, 'so are scripts', @pids);
	cmp_ok time - $start, '>', 0.9, 'after that time';
	my $r = $c->response;
	ok !$r->{complete}, 'the answer has no end';
};

my $c = begin('/cgi/sleepers');
my $hard = begin('/cgi/stubborn');
my @pids = pids(4);
$s->stop;
gone(1, 'the server stops, and every script with it', @pids);

subtest 'the master is killed' => sub {
	$s = Pyked->prepare(scripts => \%scripts, servers => $s->{servers});
	$s->allow(qr/ script |the master is gone/);
	$s->up;
	my $c = begin('/cgi/stubborn');
	my $silent = begin('/cgi/silent');
	my @pids = (pids(4), $s->workers);
	kill KILL => $s->{pid};
	gone(6, 'no script and no worker stays', @pids);
	ok !$s->running, 'nothing is left';
};
done_testing;
