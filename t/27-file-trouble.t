#!/usr/bin/perl
# Files that change or fail while they are sent: cut short, exact, or the old
# one to its end, and never anything in between.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(time);

use Pyked;

my $size = 16 << 20;
my $s = Pyked->prepare(tls => 1, top => "sandbox off\nfile-cache 0\n", files => {
	'small.txt' => "small\n",
	'page.html' => join('', map { "line $_\n" } 1 .. 2000),
});
my $site = $s->{site};
$s->up;
my ($worker) = $s->workers;

# Names of files that were made for one test.
my $made = 0;
sub big_file {
	my ($byte) = @_;
	my $name = 'big-' . ++$made . '.bin';

	$s->put_file($name, $byte x $size);
	return $name;
}

# A client that takes the head and little more of a file that is too big for
# the sockets' buffers.
sub slow_download {
	my ($name, @fields) = @_;
	my $c = client($s, rcvbuf => 4096);

	$c->send(Pyked::Http::bytes(GET => "/$name", @fields));
	$c->need(1000, time + scaled(10));
	return $c;
}

# The same over TLS: curl, which stops reading until it is told to go on.
sub slow_curl {
	my ($name, $between) = @_;
	my $to = "$s->{dir}/$name.got";
	my $pid = background(sub {
		open STDERR, '>', "$to.err";
		exec 'curl', '-sSk', '--noproxy', '*', '--limit-rate', '1m',
		    '-o', $to, $s->url("/$name", 'https');
	});

	wait_until { -s $to } 10;
	$between->();
	kill KILL => $pid if !wait_until { (-s $to) > $size / 16 } 20;
	return ($pid, $to);
}

for my $how (['all of it'], ['a part', Range => 'bytes=10-'],
    ['parts', Range => 'bytes=0-7999999,8000100-']) {
	my ($what, @fields) = @$how;

	subtest "truncated: $what" => sub {		# P19
		my $name = big_file('a');
		my $c = slow_download($name, @fields);
		truncate "$site/$name", 1024;
		my ($bytes, $end) = $c->rest(scaled(10));
		cmp_ok length $bytes, '<', $size, 'it ends early';
		isnt $end, 'timeout', '... and so does the connection';
		unlike $bytes, qr/HTTP.*HTTP/s, '... with nothing behind it';
		ok $s->wait_log(qr{\Q$name\E: the file shrank}),
		    '... the log names it';
		is $s->get("/$name")->{body}, 'a' x 1024, '... as it is now';
	};
	subtest "grown: $what" => sub {		# P20
		my $name = big_file('a');
		my $c = slow_download($name, @fields);
		open my $f, '>>', "$site/$name" or die "$name: $!";
		print $f 'b' x 100000;
		close $f;
		my $r = $c->response;
		ok $r->{complete}, 'as long as it was announced';
		unlike $r->{body}, qr/b{40}/,
		    '... without what came later';
		is $c->get('/small.txt')->{body}, "small\n",
		    '... the connection goes on';
		is length $s->get("/$name")->{body}, $size + 100000,
		    '... as it is now';
	};
	subtest "replaced: $what" => sub {		# P21
		my $name = big_file('a');
		my $c = slow_download($name, @fields);
		spew("$site/new.bin", 'c' x 1000);
		rename "$site/new.bin", "$site/$name";
		my $r = $c->response;
		ok $r->{complete}, 'the old one to its end';
		unlike $r->{body}, qr/c{40}/, '... and nothing of the new';
		is $s->get("/$name")->{body}, 'c' x 1000, '... which is next';
	};
}

subtest 'deleted' => sub {
	my $name = big_file('a');
	my $c = slow_download($name);
	unlink "$site/$name";
	my $r = $c->response;
	is length $r->{body}, $size, 'to its end';
	is $s->get("/$name")->{status}, 404, '... then gone';
};

subtest 'over https' => sub {
	my $name = big_file('a');
	my ($pid, $to) = slow_curl($name,
	    sub { truncate "$site/$name", 1024 });
	like finish($pid, 30), qr/^[1-9]/, 'truncated: curl sees it';
	cmp_ok -s $to, '<', $size, '... it ends early';
	ok $s->wait_log(qr{\Q$name\E: the file shrank}), '... the log, too';
	ok slurp($to) !~ /[^a]/, '... nothing is made up';
};

is_deeply [$s->workers], [$worker], 'it is the same worker all along';

# Runs code while these calls of the worker fail so; false when strace may not
# look into it.
sub with_fault {
	my ($calls, $error, $code) = @_;
	my $said = "$s->{dir}/strace-$error";
	my $pid = background(sub {
		open STDERR, '>', $said;
		exec 'strace', '-p', $worker, '-e', "trace=$calls", '-e',
		    "inject=$calls:error=$error";
	});
	my $attached = wait_until { slurp($said) =~ /attached/
	    || slurp($said) =~ /not permitted|denied/ } 10;

	$attached &&= slurp($said) =~ /attached/;
	$code->() if $attached;
	kill $attached ? 'TERM' : 'KILL', $pid;
	finish($pid);
	return $attached;
}

my $may_trace = run('strace', '-V')->{status} eq '0'
    && with_fault('getpid', 'EPERM', sub {});

# What a network file system says when its server is gone.
subtest 'a file that cannot be read' => sub {		# P26
	plan skip_all => 'strace may not look into a worker'
	    unless $may_trace;
	my $name = big_file('a');
	my %text = (EIO => 'Input/output error', ESTALE => 'Stale file handle');
	for my $error (sort keys %text) {
		with_fault('sendfile,pread64', $error, sub {
			my $text = $text{$error};
			for my $target ($name, 'page.html', 'small.txt') {
				$s->set_mark;
				my $c = client($s);
				$c->send(Pyked::Http::bytes(GET => "/$target"));
				my ($bytes, $end) = $c->rest(scaled(10));
				unlike $bytes, qr/\r\n\r\n./s,
				    "$error: nothing of $target";
				isnt $end, 'timeout', '... the connection ends';
				ok $s->wait_log(qr{/\Q$target\E: $text}),
				    '... the log says why';
			}
			$s->set_mark;
			my $r = curl('-k', $s->url("/$name", 'https'));
			isnt $r->{status}, 0, "$error: over https, too";
			ok $s->wait_log(qr{/\Q$name\E: $text}), '... the log';
		});
		is $s->get('/small.txt')->{body}, "small\n",
		    '... and then all is as before';
	}
	is_deeply [$s->workers], [$worker], 'the worker lives';
};

# Some file systems take no name but such that is UTF-8, or fit for others:
# whoever asks for one of those must not find a fault of ours.
subtest 'a name that the file system does not take' => sub {
	plan skip_all => 'strace may not look into a worker'
	    unless $may_trace;
	for my $error ('EILSEQ', 'EINVAL') {
		$s->set_mark;
		with_fault('openat2', $error, sub {
			is $s->get('/%c0%ae.txt')->{status}, 404,
			    "$error: there is no such file";
			is $s->get('/%3a/%7c/')->{status}, 404,
			    '... nor folder';
		});
		unlike $s->new_log, qr/ error /, '... and nothing is logged';
	}
};

# P24 as the file system has it; the server may not stumble over any time.
subtest 'times' => sub {		# P24
	for my $time (-99999999999, -1, 0, 253402300799, 253402300800,
	    99999999999999, 2 ** 62) {
		utime $time, $time, "$site/small.txt" or next;
		my $r = $s->get('/small.txt');
		is $r->{status}, 200, "a time of $time";
		is $s->get('/small.txt', 'If-None-Match' => field($r, 'ETag'))
		    ->{status}, 304, '... and its ETag';
		my $date = field($r, 'Last-Modified');
		is $date, undef, '... is not said'
		    if (stat "$site/small.txt")[9] < 0
		    || (stat _)[9] > 253402300799;
	}
};

$s->stop;
done_testing;
