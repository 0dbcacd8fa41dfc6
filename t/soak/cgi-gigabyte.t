#!/usr/bin/perl
# A GiB through a script in each direction, spooled and streamed: all of it
# comes, and the worker's memory stays as it was.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp ();
use Test::More;
use Time::HiRes qw(time);

use Pyked;

my $size = 1 << 30;
my $patience = scaled(300);
my $block = 'x' x (1 << 20);

# On a disk, if the folder of temporary files is memory.
my $spool = File::Temp::tempdir('pyked-spool-XXXXXX', DIR => '/var/tmp',
    CLEANUP => 1);
chmod 0777, $spool;
my ($room) = run('df', '--output=avail', '-B1', $spool)->{out} =~ /^\s*(\d+)$/m;
plan skip_all => "$spool has no room for a GiB" if $room < 1.1 * $size;

my $perl = "#!/usr/bin/perl\n";
my $text = 'syswrite STDOUT, "Content-Type: text/plain\n\n";';
my $s = Pyked->prepare(workers => 1, scripts => {
	count => $perl . 'my ($n, $x) = (0); while (my $k = sysread STDIN, $x, '
	    . '1 << 16) { $n += $k; }' . $text . 'print $n;',
	pour => $perl . $text . 'my $x = "x" x 65536; syswrite STDOUT, $x '
	    . 'for 1 .. $ENV{QUERY_STRING} >> 16;',
	cat => "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nexec cat\n",
});
# A little more than a GiB: one file may go only after the next has begun.
$s->write_conf(top => "spool $spool 1200m", servers => <<'END');
server {
	listen 127.0.0.1:0
	root @SITE@
	max-body 1g
	location /spool/ {
		cgi dir @CGI@/
	}
	location /stream/ {
		cgi dir @CGI@/
		cgi-limits {
			body stream
		}
	}
}
END
$s->up;

sub peak {
	return slurp('/proc/' . ($s->workers)[0] . '/status')
	    =~ /^VmHWM:\s+(\d+)/m ? $1 : die 'no VmHWM';
}

# Sends the body in a process of its own; the bytes of x that came back.
sub transfer {
	my ($method, $target, $n) = @_;
	my @length = $n ? ('Content-Length' => $n) : ();
	my $c = client($s)->send(Pyked::Http::bytes($method => $target,
	    @length, Connection => 'close'));
	my $pid = background(sub { $c->send($block) for 1 .. $n >> 20 });
	my ($got, $end) = (0, time + $patience);

	while ($c->{in} !~ /\r\n\r\n/) {
		last if $c->fill($end) ne 'data';
	}
	$c->{in} =~ s/^(.*?)\r\n\r\n//s;
	my $head = $1 // '';
	do {
		$got += $c->{in} =~ tr/x//;
		$c->{in} = substr $c->{in}, -30;
		$c->{in} =~ tr/x/y/;
	} while ($c->fill($end) eq 'data');
	is finish($pid), 0, 'all was sent';
	like $head, qr{^HTTP/1\.1 200 }, 'answered';
	return $got, $c->{in};
}

sub is_flat {
	my ($before) = @_;

	cmp_ok peak() - $before, '<', 1024, 'the worker did not grow'
	    unless Pyked::is_sanitized();
}

is $s->get('/spool/count')->{status}, 200, 'scripts run';
for my $way (qw(spool stream)) {
	subtest "$way: to a script" => sub {
		my $before = peak();
		my (undef, $end) = transfer(POST => "/$way/count", $size);
		like $end, qr/\b$size\b/, 'a GiB';
		is_flat($before);
	};
	subtest "$way: and back" => sub {
		my $before = peak();
		my ($got) = transfer(POST => "/$way/cat", $size);
		is $got, $size, 'a GiB';
		is_flat($before);
	};
}
subtest 'from a script' => sub {
	my $before = peak();
	my ($got) = transfer(GET => "/spool/pour?$size", 0);
	is $got, $size, 'a GiB';
	is_flat($before);
};
is_deeply [glob "$spool/*"], [], 'no file is left over';

$s->stop;
done_testing;
