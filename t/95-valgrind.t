#!/usr/bin/perl
# All of it under valgrind: nothing is read before it was written, and nothing
# is lost at the end. valgrind knows no openat2, so this tests the fallback.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Pyked;

plan skip_all => 'the sanitizers do this themselves' if Pyked::is_sanitized();
die "valgrind is not installed\n"
    unless run('valgrind', '--version')->{status} eq '0';

$Pyked::slowness = 10;
my $reports = temporary();
# Scripts write theirs as the workers' user before they become scripts.
chmod 01777, $reports;
# valgrind lets nobody lower the hard limit of descriptors, so it is from the
# start where scripts have to be.
my $s = Pyked->start(tls => 1, workers => 1, top => "sandbox off\n",
    wrap => [qw(prlimit --nofile=256:256 valgrind -q --leak-check=full --error-exitcode=99),
	'--show-leak-kinds=definite,indirect,possible',
	'--errors-for-leak-kinds=definite,indirect,possible',
	"--log-file=$reports/%p"],
    servers => <<'END', files => {
server {
	listen 127.0.0.1:0
	listen 127.0.0.1:0 tls
	certificate @CERT@ @KEY@
	root @SITE@
	listing on
	location /cgi/ {
		cgi dir @CGI@
	}
}
END
	'index.html' => "home\n", 'sub/a.txt' => "a\n",
	'big.bin' => 'y' x 500000, '.secret' => "no\n" },
    scripts => {
	'echo' => "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\ncat\n",
	'fail' => "#!/bin/sh\necho gone wrong >&2\nexit 1\n",
	'sleep' => "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
	    . "sleep 600\n",
    });
spew("$s->{dir}/outside.txt", "outside\n");
symlink '../outside.txt', "$s->{site}/out.txt";
symlink 'sub', "$s->{site}/link";

is $s->get('/')->{body}, "home\n", 'a file';
is $s->get('/sub/a.txt')->{body}, "a\n", 'a file in a folder';
is length $s->get('/big.bin')->{body}, 500000, 'a large file';
is $s->get('/sub')->{status}, 301, 'a folder';
is $s->get('/sub/')->{status}, 200, 'what is in it';
client($s)->send(Pyked::Http::bytes(GET => '/sub/'))->abort for 1 .. 5;
is $s->get('/none')->{status}, 404, 'nothing';
is $s->get('/.secret')->{status}, 404, 'a dot file';
isnt $s->get('/out.txt')->{body}, "outside\n", 'a link out of the root';
is $s->get('/%')->{status}, 400, 'a mistake';
is $s->ask(BREW => '/')->{status}, 501, 'an unknown method';
is $s->head('/')->{status}, 200, 'HEAD';
my $r = $s->get('/');
is $s->get('/', 'If-None-Match' => field($r, 'ETag'))->{status},
    304, 'not modified';
my $c = client($s);
$c->send(join '', map { Pyked::Http::bytes(GET => $_) }
    ('/', '/big.bin', '/none') x 5);
is join(' ', map { $c->response->{status} } 1 .. 15),
    join(' ', (200, 200, 404) x 5), 'pipelining';
$c->close;
for my $how (['Content-Length' => 5, 'hello'],
    ['Transfer-Encoding' => 'chunked', "5\r\nhello\r\n0\r\n\r\n"]) {
	my ($name, $value, $bytes) = @$how;
	is $s->request(Pyked::Http::bytes(POST => '/cgi/echo',
	    $name => $value, Connection => 'close') . $bytes)->{body},
	    'hello', "a script with $name";
}
is $s->get('/cgi/fail')->{status}, 502, 'a script that fails';
is $s->get('/cgi/none')->{status}, 404, 'no script';
$c = client($s)->send(Pyked::Http::bytes(GET => '/cgi/sleep'));
ok !$c->need(10, time + scaled(5)), 'a script that goes on';
$c->abort;
for (1 .. 2) {
	$r = curl('-k', map { $s->url($_, 'https') } '/', '/sub/a.txt',
	    '/cgi/echo');
	is $r->{out}, "home\na\n", 'https';
}
$r = curl('-k', '-d', 'x=y', $s->url('/cgi/echo', 'https'));
is $r->{out}, 'x=y', 'a script over https';
client($s->port('https'))->send($_)->abort for '', "\x16\x03\x01", 'GET /';
client($s)->send("GET / HT")->abort;

$s->set_mark;
$s->signal('HUP');
ok $s->wait_log(qr/ready: generation 2\b/, 5), 'a reload';
eventually { $s->workers == 1 } 5, 'the old worker ends';
is $s->get('/')->{body}, "home\n", 'a file from the new one';
$s->allow(qr/gone wrong|fail/);
$s->stop('TERM', 5);

# That it does not know openat2 is no complaint.
my @complaints = map { slurp($_) =~ /^(==\d+==.*\n)/mg } glob "$reports/*";
is join('', @complaints), '', 'valgrind has nothing to say';
cmp_ok scalar(() = glob "$reports/*"), '>=', 3,
    'it looked at the master and at workers';
done_testing;
