#!/usr/bin/perl
# What is said when an address or a pid file is somebody else's.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::INET;
use POSIX ();
use Test::More;

use Pyked;

my $root = $> == 0;
my $pyked = Pyked::program();

sub on {
	my ($port) = @_;

	return "server {\nlisten $port\nroot \@SITE\@\n}\n";
}

# A copy of the program and a configuration that nobody can use.
sub as_nobody {
	my ($s) = @_;

	run('cp', $pyked, "$s->{dir}/program");
	spew("$s->{dir}/nobody.conf", $s->{text}, 0644);
	chmod 0755, $s->{dir}, $s->{site};
	return run(qw(setpriv --reuid nobody --clear-groups),
	    "$s->{dir}/program", '-f', '-c', "$s->{dir}/nobody.conf");
}

subtest 'a port in use' => sub {
	my $taken = IO::Socket::INET->new(LocalAddr => '0.0.0.0',
	    Listen => 1) or die "listen: $!";
	my $port = $taken->sockport;
	my $s = Pyked->prepare(servers => on($port));
	my $name = slurp("/proc/$$/comm") =~ s/\n//r;
	my $r = run($pyked, '-f', '-c', $s->{conf});
	is $r->{status}, 1, 'a port on all addresses';
	like $r->{err}, qr/cannot listen on 0\.0\.0\.0:$port \(\Q$s->{conf}\E:\d+\): process $$ \(\Q$name\E\) listens there already: stop it, or choose another port$/,
	    '... names the process, and says what to do';
	is scalar(() = $r->{err} =~ /\n/g), 1, '... in one line';
	$s->write_conf(servers => on("127.0.0.1:$port"));
	$r = run($pyked, '-c', $s->{conf});
	is $r->{status}, 1, 'the port on one of them, in the background';
	like $r->{err}, qr/127\.0\.0\.1:$port .*process $$ \(/,
	    '... likewise';
	SKIP: {
		skip 'needs root', 2 unless $root;
		$s->{text} = "listen 127.0.0.1:$port\nroot $s->{site}\n";
		$r = as_nobody($s);
		is $r->{status}, 1, 'to an ordinary user';
		like $r->{err}, qr/another program listens there already, and only root may see which: stop it/,
		    '... root\'s processes are not shown';
	}
};

subtest 'two of us' => sub {
	my $s = Pyked->start(workers => 2);
	my $other = Pyked->prepare(servers => on('127.0.0.1:' . $s->port));
	my $r = run($pyked, '-c', $other->{conf});
	is $r->{status}, 1, 'another pyked\'s port';
	like $r->{err}, qr/process $s->{pid} \(pyked\) listens/,
	    '... the master is named, not a worker';
	$r = run($pyked, '-c', $s->{conf});
	is $r->{status}, 1, 'the same configuration';
	like $r->{err}, qr/already: process $s->{pid}, since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d, /,
	    '... says who runs, since when';
	like $r->{err}, qr/"pyked -c \Q$s->{conf}\E reload" \(or stop\)/,
	    '... and what to do';
	$s->stop;
};

subtest 'a low port' => sub {
	plan skip_all => 'needs root' unless $root;
	my $first = slurp('/proc/sys/net/ipv4/ip_unprivileged_port_start');
	plan skip_all => 'no port is root\'s here' if $first < 90;
	my $s = Pyked->prepare;
	$s->{text} = "listen 87\nroot $s->{site}\n";
	my $r = as_nobody($s);
	is $r->{status}, 1, 'without rights';
	is scalar(() = $r->{err} =~ /\n/g), 1, '... in one line';
	like $r->{err}, qr/cannot listen on 0\.0\.0\.0:87 .*: ports below \d+ are root's: /,
	    '... why';
	like $r->{err}, qr/$_/, "... a way out: $_"
	    for 'run pyked as root',
	    qr{sudo setcap cap_net_bind_service=\+ep \Q$s->{dir}\E/program"},
	    'sysctl net\.ipv4\.ip_unprivileged_port_start=87',
	    'choose a port from \d+ on';
};

done_testing;
