#!/usr/bin/perl
# A configuration that would hold the master up, or cannot start.
use strict;
use warnings;
use Fcntl;
use FindBin;
use lib "$FindBin::Bin/lib";
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
