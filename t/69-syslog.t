#!/usr/bin/perl
# error syslog: the lines reach the system's log daemon, and one that is slow,
# stopped, or gone for a while holds nobody up. The server has a /dev of its
# own, whose log is ours.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX ();
use Socket qw(SOCK_DGRAM);
use Test::More;
use Time::HiRes qw(time);

use Pyked;

my $s = Pyked->prepare(files => { 'index.html' => "home\n" },
    log => "access \@DIR\@/access.log\nerror syslog info\n");
my ($dir, $lines) = @$s{qw(dir error_log)};
my @devices = qw(null zero full random urandom);
my $mounts = join ' && ', 'mount --make-rprivate /',
    (map { "mount --bind /dev/$_ $dir/dev/$_" } @devices),
    "mount --rbind $dir/dev /dev";
my $daemon;

mkdir "$dir/dev";
spew("$dir/dev/$_", '') for @devices;
symlink '/etc/passwd', "$s->{site}/out";
$s->{wrap} = ['unshare', '-m', 'sh', '-c', "$mounts && exec \"\$\@\"", 'sh'];
plan skip_all => 'needs root and unshare for a /dev of its own' if $>
    || run(@{ $s->{wrap} }, 'true')->{status} ne '0';

# Whatever comes is a line of the file where the other tests have the log.
sub start_daemon {
	unlink "$dir/dev/log";
	my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM,
	    Local => "$dir/dev/log") or die "$dir/dev/log: $!";

	$daemon = background(sub {
		open my $f, '>>', $lines or die "$lines: $!";
		$f->autoflush;
		while (defined $socket->recv(my $line, 1 << 16)) {
			print $f "$line\n";
		}
	});
}

sub stop_daemon {
	kill KILL => $daemon;
	finish($daemon);
}

sub ask { $s->get($_[0])->{status} }

# So many requests that get a warning each: how many got their 403.
sub warn_often {
	my ($n, $query) = @_;
	my $c = client($s);

	return scalar grep {
		$c->get('/out?' . ($query // ''))->{status} eq '403'
	} 1 .. $n;
}

sub warnings { scalar(() = $s->new_log =~ /403: /g) }

subtest 'no daemon' => sub {
	my @check = (@{ $s->{wrap} }, Pyked::program(), '-t', '-c', $s->{conf});
	my $r = run(@check);

	is $r->{status}, 78, 'a mistake';
	like $r->{err}, qr{\Q$s->{conf}\E:5:\d+: no syslog daemon is at /dev/log},
	    '... said with its place' or diag $r->{err};
	start_daemon();
	is run(@check)->{status}, 0, 'with a daemon it is none';
	is slurp($lines), '', '... which gets nothing by that';
};

$s->up;

subtest 'lines' => sub {
	my $head = qr/[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d pyked\[\d+\]/;

	like $s->log, qr/^<30>$head: master: ready: generation 1/m,
	    'of the master, facility daemon, level info';
	is ask('/out'), 403, 'a warning of a worker';
	ok $s->wait_log(qr{^<28>$head: worker 0: 403: \S+/out is a sym}m),
	    '... comes with its level';
	is join("\n", grep { !/^<(?:28|30)>$head: \w/ } split /\n/, $s->log),
	    '', 'all lines have that form';
	unlike $s->log, qr/\d{4}-\d\d-\d\dT/, 'no time is said twice';
};

# A daemon's queue has room for ten lines on many systems.
subtest 'many at once' => sub {
	$s->set_mark;
	is warn_often(500), 500, '500 warnings';
	eventually { warnings() == 500 } 10, 'none is lost'
	    or diag warnings();
};

subtest 'a daemon that is started anew' => sub {
	stop_daemon();
	start_daemon();
	$s->set_mark;
	is warn_often(3), 3, 'three warnings';
	eventually { warnings() == 3 } 5, 'it gets them';
};

subtest 'a daemon that is stopped' => sub {
	$s->set_mark;
	kill STOP => $daemon;
	is warn_often(300), 300, 'it holds up no worker';
	my $start = time;
	is run(Pyked::program(), '-c', $s->{conf}, 'status')->{status}, 0,
	    'nor the master';
	cmp_ok time - $start, '<', scaled(2), '... for long';
	kill CONT => $daemon;
	eventually { warnings() >= 10 } 5, 'what waited comes';
};

subtest 'a daemon that is away' => sub {
	ok $s->wait_log(qr/403/), 'all is well again';
	stop_daemon();
	unlink "$dir/dev/log";
	is warn_often(7, 'away'), 7, 'requests are answered without it';
	# Both rings of a worker are emptied together.
	eventually { 7 == grep { /away/ } $s->access } 5, '... and logged';
	start_daemon();
	$s->set_mark;
	eventually { ask('/out'); $s->new_log =~ /(\d+) error lines lost from/ }
	    10, 'that lines were lost is said';
	my ($lost) = $s->new_log =~ /(\d+) error lines lost from/;
	cmp_ok $lost, '>=', 7, '... and how many';
};

subtest 'reload' => sub {
	$s->set_mark;
	$s->signal('HUP');
	ok $s->wait_log(qr/master: ready: generation 2/, 10), 'goes on there';
};

# Its master's end is the last thing that a worker has to say.
subtest 'a worker without a master' => sub {
	my ($worker) = $s->workers;

	$s->set_mark;
	kill KILL => $s->{pid};
	ok $s->wait_log(qr/^<28>.* worker 0: the master is gone/m),
	    'says so there';
	eventually { !is_alive($worker) } 10, 'and ends';
};

stop_daemon();
done_testing;
