#!/usr/bin/perl
# The bodies of requests on their way to scripts: spooled or streamed, too
# large, too many, unwanted, broken off.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::MD5 qw(md5_hex);
use Fcntl qw(F_GETFL F_SETFL O_NONBLOCK);
use Socket ();
use Test::More;
use Time::HiRes qw(time);

use Pyked;

# Scripts run as another user than we do: their notes go where both can write.
my $notes = temporary(0777);
mkdir "$notes/spool";
chmod 0777, "$notes/spool";

my $perl = "#!/usr/bin/perl\n\$| = 1;\nuse strict; use warnings;\n";
my $text = "print qq(Content-Type: text/plain\\n\\n);\n";
my $note = 'sub note { open my $f, ">>", "$ENV{NOTES}/notes" or die; '
    . 'syswrite $f, "@_\n" }' . "\n";
my $wait = 'select undef, undef, undef, 0.01 until -e "$ENV{NOTES}/go"'
    . ' || $main::i++ > 1500;';
my %scripts = (
	sum => $perl . $text . 'use Digest::MD5; my $d = Digest::MD5->new;'
	    . 'my ($n, $x) = (0); while (read STDIN, $x, 65536) {'
	    . '$n += length $x; $d->add($x) } print "$n ", $d->hexdigest, " ",'
	    . '$ENV{CONTENT_LENGTH} // "none";',
	# Says how much it has, whenever that is more.
	progress => $perl . $text . 'my ($n, $x) = (0); print "begun\n";'
	    . 'while (my $k = sysread STDIN, $x, 65536) {'
	    . '$n += $k; print "$n\n" }',
	# Takes its time, and shows that it lives.
	idler => $perl . $text . 'for (1 .. 10) { print "."; select undef, '
	    . 'undef, undef, 0.25 } my ($n, $x) = (0);'
	    . '$n += length $x while read STDIN, $x, 65536; print $n;',
	cat => "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nexec cat\n",
	away => $perl . 'print "Location: /index.html\n\n";',
	deaf => $perl . $text . 'print "done\n";',
	shut => $perl . 'close STDIN;' . $wait . $text . 'print "done\n";',
	# Answers first, and then looks at what it was asked.
	late => $perl . $note . $text . 'print "early\n"; close STDOUT;'
	    . $wait . 'my ($n, $x) = (0); while (my $k = sysread STDIN, $x, '
	    . '65536) { $n += $k } note("late $n");',
	hold => $perl . $note . 'note("pid $$");' . $wait . $text
	    . 'my ($n, $x) = (0); $n += length $x while read STDIN, $x, 65536;'
	    . 'print $n;',
	patient => $perl . $note . '$SIG{TERM} = sub { note("term"); exit };'
	    . 'my ($n, $x) = (0); note("begun");'
	    . 'while (my $k = sysread STDIN, $x, 65536) { $n += $k }'
	    . 'note("eof $n");',
	pour => $perl . $text . 'my $x = "x" x 65536; print $x '
	    . 'for 1 .. $ENV{QUERY_STRING} * 16;',
);

my $s = Pyked->prepare(scripts => \%scripts, workers => 2,
    files => { 'index.html' => "home\n" });
my $cgi = "cgi dir \@CGI\@/\nenv NOTES $notes";
$s->write_conf(top => "spool $notes/spool 6m", servers => <<"END");
server {
	listen 127.0.0.1:0
	root \@SITE\@
	max-body 256m
	location /spool/ {
		$cgi
	}
	location /stream/ {
		$cgi
		cgi-limits {
			body stream
		}
	}
	location /small/ {
		$cgi
		max-body 1k
	}
	location /one/ {
		$cgi
		cgi-limits {
			body stream
			processes 1
		}
	}
}
END
$s->allow(qr/ script \//);
$s->up;

sub head_of {
	my ($target, $n, @fields) = @_;

	return Pyked::Http::bytes(POST => $target, 'Content-Length' => $n,
	    @fields);
}

sub post {
	my ($target, $body, @fields) = @_;

	return $s->request(head_of($target, length $body,
	    Connection => 'close', @fields) . $body);
}

sub chunks {
	my ($body) = @_;
	my $chunks = '';

	for (my $off = 0; $off < length $body; $off += 30_011) {
		my $chunk = substr $body, $off, 30_011;
		$chunks .= sprintf "%x\r\n%s\r\n", length $chunk, $chunk;
	}
	return "${chunks}0\r\n\r\n";
}

sub post_chunks {
	my ($target, $body) = @_;

	return $s->request(Pyked::Http::bytes(POST => $target,
	    'Transfer-Encoding' => 'chunked', Connection => 'close')
	    . chunks($body));
}

# Reads until the pattern has come.
sub sees {
	my ($c, $pattern, $name) = @_;
	my $end = time + scaled(10);

	1 while $c->{in} !~ $pattern && $c->fill($end) eq 'data';
	return ok $c->{in} =~ $pattern, $name;
}

sub noted {
	my ($pattern, $name) = @_;

	return eventually { slurp("$notes/notes") =~ $pattern } 10, $name;
}

sub clear { unlink "$notes/notes", "$notes/go" }
sub go { spew("$notes/go", '') }

# The most memory that any worker ever had, in kB.
sub peak {
	my ($most) = sort { $b <=> $a } map {
		slurp("/proc/$_/status") =~ /^VmHWM:\s+(\d+)/m
	} $s->workers;

	return $most;
}

# Sends as much of n bytes as is taken, until nothing was for a while.
sub push_bytes {
	my ($c, $n) = @_;
	my $socket = $c->{socket};
	my ($sent, $block) = (0, 'x' x 65536);

	fcntl $socket, F_SETFL, fcntl($socket, F_GETFL, 0) | O_NONBLOCK;
	while ($sent < $n) {
		my $want = '';
		vec($want, fileno $socket, 1) = 1;
		last unless select undef, $want, undef, 0.5;
		my $left = $n - $sent;
		my $k = syswrite $socket, $block, $left < 65536 ? $left : 65536;
		last unless defined $k;
		$sent += $k;
	}
	fcntl $socket, F_SETFL, fcntl($socket, F_GETFL, 0) & ~O_NONBLOCK;
	return $sent;
}

for my $way (qw(spool stream)) {
	subtest "$way: every byte" => sub {
		my %body = (nothing => '', one => "\0", '64 KiB' => 'k' x 65536,
		    '64 KiB and one' => 'l' x 65537, '5 MB' => join('',
		    map { pack 'N', $_ * 2654435761 % 2 ** 32 } 1 .. 1_250_000));
		for my $name (sort keys %body) {
			my $n = length $body{$name};
			my $want = "$n " . md5_hex($body{$name}) . " $n";
			is post("/$way/sum", $body{$name})->{body}, $want,
			    $name;
			is post_chunks("/$way/sum", $body{$name})->{body},
			    $want, "$name in chunks";
		}
		is_deeply [glob "$notes/spool/*"], [], 'no file is left over';
	};

	subtest "$way: what a script may do with it" => sub {
		clear();
		my $c = client($s);
		is $c->send(head_of("/$way/deaf", 1000) . 'x' x 1000)
		    ->response->{body}, "done\n", 'not read it';
		is $c->get("/$way/deaf")->{body}, "done\n",
		    'and the connection goes on';
		is post("/$way/deaf", 'x' x 3_000_000)->{body}, "done\n",
		    'not read a large one';
		$c = client($s)->send(head_of("/$way/shut", 3_000_000)
		    . 'x' x 1_000_000);
		go();
		is $c->send('x' x 2_000_000)->response->{body}, "done\n",
		    'close its standard input';
		clear();
		is post("/$way/late", 'x' x 50_000)->{body}, "early\n",
		    'answer before it reads';
		go();
		noted(qr/^late 50000$/m, 'and have all of it');
		is $s->get('/')->{status}, 200, 'the server is well';
	};

	subtest "$way: limits" => sub {
		is post('/small/sum', 'x' x 1024)->{status}, 200, '1024 bytes';
		is post('/small/sum', 'x' x 1025)->{status}, 413, '1025 bytes';
		is post_chunks('/small/sum', 'x' x 1024)->{status}, 200,
		    '1024 bytes in chunks';
		is post_chunks('/small/sum', 'x' x 1025)->{status}, 413,
		    '1025 in chunks';
	};

	subtest "$way: 100 Continue" => sub {
		my @expect = (Expect => '100-continue');
		my $c = client($s)->send(head_of("/$way/cat", 5, @expect));
		sees($c, qr{^HTTP/1\.1 100 Continue\r\n\r\n}, 'before the body');
		$c->{in} =~ s{^HTTP/1\.1 100 Continue\r\n\r\n}{};
		is $c->send('hello')->response->{body}, 'hello', 'and then it';
		$c = client($s)->send(head_of('/small/cat', 1025, @expect));
		is $c->response->{status}, 413, 'not where it is too large';
		ok $c->is_closed, 'and the connection ends';
	};
}

subtest 'spool: a slow client holds no script' => sub {
	clear();
	my $c = client($s)->send(head_of('/spool/patient', 10) . 'half1');
	is $s->get('/spool/deaf')->{status}, 200, 'meanwhile';
	is slurp("$notes/notes"), '', 'none was started';
	$c->send('half2');
	noted(qr/^begun\neof 10$/m, 'until all was there');
};

subtest 'stream: it comes when it comes' => sub {
	my $c = client($s)->send(head_of('/stream/progress', 12));
	sees($c, qr/begun\n/, 'it is started at once');
	$c->send('hello');
	sees($c, qr/^5\r?\n/m, 'has what is there');
	$c->send(' world!');
	like $c->response->{body}, qr/\Abegun\n5\n12\n\z/, 'and the rest';
};

subtest 'stream: a client that leaves half way' => sub {
	for my $how (qw(close abort half_close)) {
		clear();
		my $c = client($s)->send(head_of('/stream/patient', 100)
		    . 'x' x 50);
		noted(qr/^begun$/m, 'a script');
		$c->$how;
		noted(qr/^term$/m, "is ended by $how");
		unlike slurp("$notes/notes"), qr/eof/,
		    'and never thought that all was there';
	}
};

# All of it was sent, though the worker has not read all of it yet.
subtest 'stream: a client that closes its side behind the body' => sub {
	my $n = 130_000;	# more than pipe and buffers hold
	my $c = client($s)->send(head_of('/stream/idler', $n) . 'x' x $n);

	$c->half_close;
	is $c->response->{body}, '.' x 10 . $n, 'is taken at its word';
};

subtest 'stream: a script that does not read' => sub {
	clear();
	my $c = client($s);
	my $before = peak();
	my $n = 64 << 20;
	$c->send(head_of('/stream/hold', $n));
	noted(qr/^pid \d+$/m, 'runs');
	my $sent = push_bytes($c, $n);
	cmp_ok $sent, '<', $n, "its client is stopped after $sent bytes";
	cmp_ok peak() - $before, '<', 1024, 'which are nowhere in the worker'
	    unless Pyked::is_sanitized();
	go();
	my $rest = $n - $sent;
	my $pid = background(sub {
		while ($rest > 0) {
			my $k = $rest < 1 << 20 ? $rest : 1 << 20;
			$c->send('x' x $k);
			$rest -= $k;
		}
	});
	is $c->response(timeout => scaled(30))->{body}, $n,
	    'and goes on when it reads';
	finish($pid);
};

subtest 'stream: a script that wants no more' => sub {
	clear();
	my $n = 64 << 20;
	my $c = client($s)->send(head_of('/stream/shut', $n));
	is push_bytes($c, $n), $n, 'its client is not stopped for that';
	go();
	is $c->response->{body}, "done\n", 'and has its answer';
};

subtest 'stream: both ways at once' => sub {
	my $n = 64 << 20;
	my $c = client($s)->send(head_of('/stream/cat', $n,
	    Connection => 'close'));
	my $before = peak();
	my $pid = background(sub { $c->send('y' x (1 << 20)) for 1 .. 64 });
	sees($c, qr/\r\n\r\n/, 'the answer begins');
	$c->{in} =~ s/^.*?\r\n\r\n//s;
	my ($got, $bad, $end) = (0, 0, time + scaled(60));
	do {
		# Framed in chunks: only what is not the body is looked at.
		$got += $c->{in} =~ tr/y//;
		$c->{in} = '';
	} while ($c->fill($end) eq 'data');
	is $got, $n, '64 MiB';
	is finish($pid), 0, 'all was sent';
	cmp_ok peak() - $before, '<', 1024, 'flat memory'
	    unless Pyked::is_sanitized();
};

subtest 'stream: what nobody reads of it' => sub {
	my $c = client($s)->send(head_of('/stream/deaf', 60_000)
	    . 'x' x 10_000);
	my $r = $c->response;
	is $r->{body}, "done\n", 'an answer before the body is here';
	is field($r, 'Connection'), 'close',
	    'what comes behind it could be taken for a request';
	$c->send('x' x 50_000);
	ok $c->is_closed, 'which is the last one';
	$c = client($s)->send(head_of('/stream/deaf', 3_000_000)
	    . 'x' x 10_000);
	is $c->response->{body}, "done\n", 'an answer';
	ok $c->is_closed, 'more is not waited for';
};

subtest 'stream: a script that leads elsewhere' => sub {
	my $hidden = Pyked::Http::bytes(GET => '/stream/deaf');
	my $c = client($s)->send(head_of('/stream/away', 200_000)
	    . 'x' x 10_000);
	my $r = $c->response;
	is $r->{body}, "home\n", 'has its answer before the body is here';
	is field($r, 'Connection'), 'close', 'of which nothing is a request';
	$c->send($hidden x 20);
	ok $c->is_closed, 'whatever it says';
	is client($s)->send(head_of('/stream/away', 3000) . 'x' x 3000)
	    ->response->{body}, "home\n", 'a short one';
};

subtest 'stream: in the queue' => sub {
	clear();
	my $first = client($s, host => '127.0.0.1');
	my @more = map { client($s) } 1 .. 3;
	$first->send(head_of('/one/hold', 5) . 'first');
	noted(qr/^pid/m, 'one runs');
	$_->send(head_of('/one/hold', 300_000) . 'x' x 300_000) for @more;
	go();
	is $first->response->{body}, 5, 'one was first';
	is $_->response->{body}, 300_000, 'the others had their turn' for @more;
};

subtest 'a large answer' => sub {
	my $before = peak();
	my $c = client($s)->send(Pyked::Http::bytes(GET => '/spool/pour?64',
	    Connection => 'close'));
	my ($got, $end) = (0, time + scaled(60));
	do {
		$got += $c->{in} =~ tr/x//;
		$c->{in} = '';
	} while ($c->fill($end) eq 'data');
	cmp_ok $got, '>=', 64 << 20, '64 MiB';
	cmp_ok peak() - $before, '<', 1024, 'flat memory'
	    unless Pyked::is_sanitized();
};

# --- the room for them ---

# The worker that is to answer next, for the other one is stopped.
sub only {
	my ($worker) = @_;

	kill CONT => $worker;
	kill STOP => grep { $_ != $worker } $s->workers;
}

sub everybody { kill CONT => $s->workers }

# Scripts that have answered may take a moment to end, and their room with
# them.
sub nothing_runs {
	return wait_until { !grep { Pyked::descendants($_) } $s->workers } 20;
}

# So many bytes of a larger body are in the spool.
sub half_a_body {
	my ($n) = @_;
	my $c = client($s)->send(head_of('/spool/deaf', $n + 1) . 'x' x $n);

	wait_until { unread($c) == 0 };
	return $c;
}

# Bytes that the server has not read yet, by the kernel.
sub unread {
	my ($c) = @_;
	my ($port) = (Socket::sockaddr_in(getsockname $c->{socket}))[0];
	my $end = sprintf '0100007F:%04X', $port;

	for (split /^/m, slurp('/proc/net/tcp')) {
		my @f = split;
		return hex((split /:/, $f[4])[1]) if $f[2] eq $end;
	}
	return -1;
}

subtest 'the spool is one for all workers' => sub {
	my ($one, $two) = $s->workers;
	only($one);
	my $c = half_a_body(4 << 20);
	only($two);
	is post('/spool/deaf', 'x' x (3 << 20))->{status}, 507,
	    'the other worker finds it too full';
	is post('/spool/deaf', 'x' x (1 << 20))->{status}, 200,
	    'but not for less';
	everybody();
	is $c->send('x')->response->{body}, "done\n", 'the first is answered';
	nothing_runs();
	eventually { post('/spool/deaf', 'x' x (3 << 20))->{status} eq 200 } 5,
	    'and its room free';
	nothing_runs();
	only($one);
	$c = half_a_body(4 << 20);
	everybody();
	kill KILL => $one;
	$s->allow(qr/worker \d+ .*killed|signal 9/);
	eventually { (grep { $_ != $one } $s->workers) == 2 } 5,
	    'a worker dies';
	is post('/spool/deaf', 'x' x (3 << 20))->{status}, 200,
	    'and its room is free';
	is_deeply [glob "$notes/spool/*"], [], 'no file is left over';
};

subtest 'a disk that is full' => sub {
	my $disk = "$notes/disk";
	mkdir $disk;
	my $r = run('mount', '-t', 'tmpfs', '-o', 'size=2m,mode=777', 'none',
	    $disk);
	plan skip_all => "no file system of our own: $r->{err}"
	    if $r->{status};
	$s->write_conf(top => "spool $disk 1g");
	$s->signal('HUP');
	ok $s->wait_ready(2), 'a spool on a small one';
	my $free = free_room($disk);
	is post('/spool/deaf', 'x' x (1 << 20))->{status}, 200, 'enough room';
	my $c = half_a_body(1 << 20);
	is post('/spool/deaf', 'x' x (3 << 19))->{status}, 507, 'too little';
	is post('/spool/deaf', 'x' x 65536)->{status}, 200, 'small ones pass';
	is $c->send('x')->response->{body}, "done\n",
	    'who was first is answered';
	$c->close;
	eventually { free_room($disk) == $free } 5, 'all is free again';
	is post('/spool/deaf', 'x' x (3 << 19))->{status}, 200,
	    'for the next one';
	$s->write_conf(top => "spool $notes/spool 6m");
	$s->signal('HUP');
	ok $s->wait_ready(3), 'back to the first';
	eventually { run('umount', $disk)->{status} eq 0 } 5,
	    'and nobody holds it' or run('umount', '-l', $disk);
};

sub free_room {
	my ($where) = @_;
	my ($free) = run('df', '--output=avail', $where)->{out} =~ /^\s*(\d+)$/m;

	return $free;
}

$s->stop;
done_testing;
