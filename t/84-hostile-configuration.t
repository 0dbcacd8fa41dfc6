#!/usr/bin/perl
# A configuration that would hold the master up, or cannot start.
use strict;
use warnings;
use Fcntl;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::INET ();
use POSIX ();
use Test::More;

use Pyked;

my $pyked = Pyked->program;

sub is_refused {
	my ($file, $pattern, $name) = @_;

	for my $options (['-t'], ['-T'], ['-f'], []) {
		my $r = run({ timeout => 10 }, $pyked, @$options, '-c', $file);
		is $r->{status}, 78, "@$options: $name is refused";
		like $r->{err}, $pattern, '... and told';
	}
}

subtest 'what is no file' => sub {
	my $s = Pyked->start(files => { 'index.html' => "home\n" });
	my $fifo = "$s->{dir}/fifo";
	POSIX::mkfifo($fifo, 0600) or die "mkfifo: $!";
	my $how = qr/it is a pipe or a device.*name a file/s;
	is_refused($fifo, $how, 'a FIFO');
	is_refused('/dev/zero', $how, 'a device');
	my $good = slurp($s->{conf});
	spew($s->{conf}, "include fifo\n$good");
	is_refused($s->{conf}, qr/:1:9: cannot include .*$how/s,
	    'an included FIFO');
	$s->allow(qr/reload refused/);
	for my $whole (0, 1) {
		if ($whole) {
			unlink $s->{conf};
			POSIX::mkfifo($s->{conf}, 0600) or die "mkfifo: $!";
		}
		$s->set_mark;
		$s->signal('HUP');
		ok $s->wait_log(qr/reload refused: .*pipe or a device/),
		    'a reload does not wait for it';
		is $s->get('/')->{status}, 200, '... and all is as before';
	}
	$s->stop;
};

subtest 'certificates that are no files' => sub {
	my $s = Pyked->prepare(tls => 1, servers => <<'END');
server {
	listen 127.0.0.1:0 tls
	certificate @DIR@/fifo @DIR@/fifo
	root @SITE@
}
END
	POSIX::mkfifo("$s->{dir}/fifo", 0600) or die "mkfifo: $!";
	is_refused($s->{conf}, qr/certificate \S+: it is not a file/, 'a FIFO');
};

# What -t and a start say of a configuration; -t touches nothing.
sub cannot_start {
	my ($s, $pattern, $name) = @_;

	for my $option ('-t', '-f') {
		my $r = run({ timeout => 10 }, $pyked, $option, '-c',
		    $s->{conf});
		isnt $r->{status}, 0, "$option: $name";
		like $r->{err}, $pattern, '... is told';
	}
}

sub test_says {
	my ($s, $status, $name, @command) = @_;
	my $r = run(@command, $pyked, '-t', '-c', $s->{conf});

	is $r->{status}, $status, $name or diag $r->{err};
	return $r->{err};
}

subtest 'what cannot start' => sub {
	my $s = Pyked->prepare;
	my $good = slurp($s->{conf});
	my $errors = "error $s->{dir}/error.log info\n";
	for my $log ("access $s->{dir}/none/a.log\n$errors",
	    "error $s->{dir}/none/a.log\n") {
		$s->write_conf(log => $log);
		cannot_start($s, qr{cannot open the \w+ log \S+/none/a.log: No},
		    'a log in a missing folder');
	}
	$s->write_conf(log => "access $s->{dir}\n$errors");
	cannot_start($s, qr/: Is a directory/, 'a folder as a log');
	$s->write_conf(log => "access $s->{conf}/a.log\n$errors");
	cannot_start($s, qr/: Not a directory/, 'a file as a folder');
	$s->write_conf(log => "access stdout\n$errors");
	like test_says($s, 78, 'a daemon on standard output'),
	    qr/only in the foreground \(-f\)/, '... is told';
	is run($pyked, '-f', '-t', '-c', $s->{conf})->{status}, 0,
	    'in the foreground it may';
	spew($s->{conf}, $good =~ s{^pidfile .*}{pidfile none/pid}mr);
	cannot_start($s, qr{pid file \S+/none/pid: No such file},
	    'a pid file in a missing folder');
	SKIP: {
		skip 'needs root', 2 if $>;
		chmod 0755, $s->{dir};
		spew($s->{conf}, $good, 0644);
		like test_says($s, 78, 'a folder of somebody else', qw(setpriv
		    --reuid www-data --regid www-data --clear-groups)),
		    qr/access log \S+: Permission denied/, '... is told';
	}
	ok !-e $s->{access_log} && !-e "$s->{dir}/pyked.pid",
	    'nothing was made for a test';
};

sub listens {
	my ($s, @addresses) = @_;

	$s->write_conf(servers => "server {\n"
	    . join('', map { "listen $_\n" } @addresses)
	    . "root \@SITE\@\n}\n");
}

subtest 'addresses' => sub {
	my $s = Pyked->prepare;
	listens($s, '192.0.2.1:8080', '192.0.2.1:8081');
	cannot_start($s, qr{192.0.2.1:8080 .*no such address.*192.0.2.1:8081 }s,
	    'an address of another machine');
	my $other = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
	    Listen => 1) or die "listen: $!";
	listens($s, '127.0.0.1:' . $other->sockport);
	test_says($s, 0, 'an address in use, for it may be our own');
	SKIP: {
		skip 'needs root', 2 if $>;
		skip 'low ports are free for all', 2 if slurp('/proc/sys/net/'
		    . 'ipv4/ip_unprivileged_port_start') <= 80;
		$s = Pyked->prepare;
		chmod 0777, $s->{dir};
		listens($s, 80);
		chmod 0644, $s->{conf};
		my $err = test_says($s, 78, 'a port that is root\'s',
		    qw(setpriv --reuid www-data --regid www-data
		    --clear-groups));
		is scalar(() = $err =~ /cannot listen/g), 1, '... told once';
	}
};

subtest 'a test that is interrupted' => sub {
	my $s = Pyked->prepare;
	pipe my $reader, my $full or die "pipe: $!";
	fcntl $full, F_SETFL, O_NONBLOCK or die "fcntl: $!";
	1 while syswrite $full, 'x' x 4096;
	1 while syswrite $full, 'x';
	fcntl $full, F_SETFL, 0 or die "fcntl: $!";
	for my $option ('-t', '-T') {
		for my $signal (qw(TERM INT)) {
			my $pid = background(sub {
				open STDOUT, '>&', $full or POSIX::_exit(127);
				exec $pyked, $option, '-c', $s->{conf};
			});
			wait_until { slurp("/proc/$pid/stat") =~
			    /\(pyked\) S/ };
			kill $signal, $pid;
			is finish($pid, 10), 'signal '
			    . ($signal eq 'TERM' ? 15 : 2),
			    "$option ends with $signal";
		}
	}
};

done_testing;
