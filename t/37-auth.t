#!/usr/bin/perl
# Passwords: every kind of hash, every kind of answer, what is told to scripts
# and logs, how a request waits, and what happens to the file and the process.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use MIME::Base64 qw(encode_base64);
use Test::More;
use Time::HiRes qw(time);

use Pyked;
use Pyked::Tls;

# All of them: "secret".
my %hash = (
    bcrypt => '$2y$05$DDp7b2LyFEJgrLwYUFQ2z.HC.Jsaq.KaRjjGeRMa2L4DVFr.VLGmS',
    sha256 => '$5$NzBbJobZkZjs/O1l$Lv2krVyvCQQ7X.ci5P/S/nxej7Z8vDrZXtE0vnyIb'
	. 'h3',
    sha512 => '$6$DIz9YZK.jy7aJKVi$WEVQiZ1kvrzDUBqru5Z7Y9092HcZTO3f2QuZGHyMwF'
	. 'RsengZEWM6/8r5Vc7yW9MtGkM9ztne0EjxIZKu0z7jQ1',
    yescrypt => '$y$j9T$41GLLOYymNlQdtqE9rAv/0$MDfi0Rf/RzQu5DYPTGO3T2LZA6ODJT'
	. 'fuxjh/Ea9im/5',
    sha1 => '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=',
    'J. R. "Bob"' => '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ='
);
# Another password for the same user: "other".
my $other = '{SHA}0JQeaNqPOBUf+Gph/Fn3xc+fyqI=';
my $challenge = 'Basic realm="The \"staff\"", charset="UTF-8"';
my $root = $> == 0;

sub users { join '', map { "$_:$hash{$_}\n" } sort keys %hash }

sub basic { return Authorization => 'Basic ' . encode_base64($_[0], '') }

# A server with a protected place for each kind of answer.
my $s = Pyked->prepare(tls => 1, files => { 'index.html' => "top\n",
    'in/x' => "in\n", 'list/x' => "x\n", 'in/dir/x' => '',
    'in/big' => 'b' x 300_000, 'any/x' => "any\n", 'all/x' => "all\n",
    'none/x' => "none\n", 'free/x' => "free\n", 'page.php' => "php\n",
    'in/page.php' => "php\n", 'folder/index.page' => "page\n",
    'z/y.gz' => 'y', 'in/errors/404.html' => "sorry\n" }, scripts => {
	go => "#!/bin/sh\necho 'Location: /in/x'\necho\n",
	env => "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
	    . "echo \"\$AUTH_TYPE|\$REMOTE_USER|\$HTTP_AUTHORIZATION\"\n",
	cat => "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
	    . "cat\n" }, servers => <<'END');
server {
	listen 127.0.0.1:0
	listen 127.0.0.1:0 tls
	certificate @CERT@ @KEY@
	root @SITE@
	location /in { auth "The \"staff\"" @DIR@/users }
	location /list/ {
		auth Staff @DIR@/users
		listing on
	}
	location /cgi/ {
		auth Staff @DIR@/users
		cgi dir @CGI@
	}
	location /open/ { cgi dir @CGI@ }
	location /any/ {
		auth Staff @DIR@/users
		allow 127.0.0.2
		require any
	}
	location /all/ {
		auth Staff @DIR@/users
		allow 127.0.0.2
	}
	location /none/ {
		auth Staff @DIR@/users
		allow 127.0.0.2
		deny 127.0.0.0/8
		require any
	}
	location *.php { index x }
	location /back/ { fallback /in/x }
	location /folder/ { index index.page }
	location *.page { auth Staff @DIR@/users }
	location = /open/exact.sh { auth Staff @DIR@/users ; cgi on }
	location *.sh { cgi on }
	location /z/ { precompressed gz }
	location = /z/y { auth Staff @DIR@/users }
	location /errors/ { errors @SITE@/in/errors }
}
server {
	listen 127.0.0.1:0
	root @SITE@
	auth Else @DIR@/others
	location /free/ { auth off }
}
END
spew("$s->{site}/open/exact.sh", "#!/bin/sh\n"
    . "printf 'Content-Type: text/plain\\n\\n'\necho \$REMOTE_USER\n", 0755);
spew("$s->{dir}/users", users(), 0600);
spew("$s->{dir}/others", "ann:$other\n", 0600);
$s->up;

# Wrong passwords are held against an address, so each request has its own.
my $last = 0;
sub new_address { $last++; return join '.', 127, 1, $last >> 8, $last & 255 }

sub new_client { Pyked::client($_[0], from => new_address()) }

# curl by http and https: the status, which must be the same, and the body.
sub both {
	my ($path, @options) = @_;
	my (@status, $body);

	for my $scheme (qw(http https)) {
		my $r = curl('-k', '-o', "$s->{dir}/body", '-w',
		    '%{http_code}', '--interface', new_address(), @options,
		    $s->url($path, $scheme));
		push @status, $r->{out};
		$body = slurp("$s->{dir}/body");
	}
	return $status[0] eq $status[1] ? $status[0] : "@status", $body;
}

sub status_of { (both(@_))[0] }

# The process that checks passwords.
sub authd {
	my ($of) = @_;
	my @found = grep { slurp("/proc/$_/cmdline") =~ /^pyked: auth/ }
	    $of->workers;

	return @found == 1 ? $found[0] : 0;
}

# Nobody checks passwords here; what becomes of that takes ten seconds, so it is
# looked at last.
my $stuck = Pyked->prepare(files => { x => "x\n" }, servers => <<'END');
server {
	listen 127.0.0.1:0
	root @SITE@
	auth Staff @DIR@/users
}
END
spew("$stuck->{dir}/users", users());
$stuck->up;
my $stopped;
wait_until { $stopped = authd($stuck) };
kill STOP => $stopped;
my @unheard = map { new_client($stuck)->send(Pyked::Http::bytes(GET => '/x',
    basic("sha1:unheard$_"))) } 1 .. 8;

subtest 'hashes' => sub {
	for my $user (sort keys %hash) {
		is status_of('/in/x', '-u', "$user:secret"), 200, $user;
	}
	is status_of('/in/x', '-u', 'bcrypt:Secret'), 401, 'a wrong password';
	is status_of('/in/x', '-u', 'nobody:secret'), 401, 'a wrong user';
};

subtest 'a challenge' => sub {
	my $c = new_client($s);
	my $r = $c->get('/in/x');

	is $r->{status}, 401, 'without a password';
	is field($r, 'WWW-Authenticate'), $challenge,
	    'the challenge';
	like $r->{body}, qr/<h1><span>401/, 'a page';
	is field($r, 'Connection'), 'keep-alive',
	    'the connection stays';
	$c->send(Pyked::Http::bytes(HEAD => '/in/x'));
	$r = $c->response(head => 1);
	is $r->{status}, 401, 'HEAD';
	is field($r, 'WWW-Authenticate'), $challenge,
	    '... has it too';
	my @cases = ([Authorization => 'Bearer x'], [Authorization => 'Basic'],
	    [Authorization => 'Basic !!!!'], [basic('nocolon')],
	    [basic("sha1:secret\n")], [basic('sha1:secret'),
	    basic('sha1:secret')], [basic('x' x 300 . ':secret')],
	    [basic('sha1:' . 'x' x 300)], [basic(':secret')]);
	for my $case (@cases) {
		$r = $c->get('/in/x', @$case);
		is $r->{status}, 401, substr "@$case", 0, 40;
	}
	is $c->get('/', Authorization => 'Basic !!!!')->{status}, 200,
	    'nobody looks at it where nothing is asked';
	is $c->get('/in/x', basic('sha1:secret'))->{status}, 200,
	    'the same connection comes in';
};

subtest 'answers of every kind' => sub {
	my @in = ('-u', 'sha1:secret');

	is status_of('/list/'), 401, 'a listing';
	like +(both('/list/', @in))[1], qr/>x</, '... for those who may';
	is status_of('/in/dir'), 401, 'a redirect to a slash';
	is status_of('/in/dir', @in), 301, '... likewise';
	is status_of('/in/none'), 401, 'what is not there';
	is status_of('/in/none', @in), 404, '... likewise';
	is length +(both('/in/big', @in))[1], 300_000, 'a large file';
	is status_of('/in/x', '-I', @in), 200, 'HEAD';
	is status_of('/in/page.php'), 401, 'no suffix leads around a place';
	is status_of('/in/page.php', @in), 200, '... nor away from it';
	is status_of('/page.php'), 200, '... and it is open elsewhere';
	is status_of('/cgi/env'), 401, 'a script';
	is +(both('/cgi/env', @in))[1], "Basic|sha1|\n",
	    'a script is told who it is, and no password';
	is +(both('/open/env', @in))[1], "||\n",
	    'where nothing was checked nobody is named';
	is +(both('/cgi/cat', @in, '-d', 'y' x 100_000))[1], 'y' x 100_000,
	    'a body is all there';
};

# By whatever way a request comes there it is asked for a password, and once it
# has one it gets on.
subtest 'other names and other ways' => sub {
	my @in = ('-u', 'sha1:secret');
	my @new = ('-u', 'sha256:secret');
	my %way = ('/open/go' => "in\n", '/back/none' => "in\n",
	    '/folder/' => "page\n", '/open/exact.sh/more' => "sha1\n",
	    '/open/exact.sh' => "sha1\n", '/z/y.gz' => 'y');

	for my $path (sort keys %way) {
		is status_of($path), 401, $path;
		is +(both($path, @in))[1], $way{$path}, '... with a password';
	}
	is curl('-L', '-o', '/dev/null', '-w', '%{http_code}', @new, '-d',
	    'x' x 1000, $s->url('/open/go'))->{out}, 200,
	    'a script leads there before the password is known';
	is status_of('/errors/none'), 404, 'a page of errors is one of its own';
	is slurp("$s->{dir}/body"), "sorry\n", '... wherever it is kept';
	is status_of('/in/x', '-r', '0-1'), 401, 'a part of a file';
	is status_of('/in/x', '-H', 'If-None-Match: *'), 401,
	    'nor is it told that nothing has changed';
	is status_of('/in/x', @in, '-H', 'If-None-Match: *'), 304,
	    '... but who may come in';
	is status_of('/in/x', '-X', 'OPTIONS'), 401, 'OPTIONS';
	is status_of('/in/x', '-X', 'TRACE'), 401, 'TRACE';
	is status_of('/in/x', '-X', 'PUT', '-d', 'x'), 401, 'PUT';
	is status_of('/IN/x'), 404, 'other letters are another name';
};

subtest 'another server' => sub {
	my $port = ($s->ports)[1];
	my $ask = sub { new_client($port)->get(@_)->{status} };

	is $ask->('/'), 401, 'all of it';
	is $ask->('/', basic('ann:other')), 200, 'with its own users';
	is $ask->('/', basic('sha1:secret')), 401, '... alone';
	is $ask->('/free/x'), 200, 'a corner without';
};

subtest 'require' => sub {
	my @in = ('-u', 'sha1:secret');
	my @there = ('--interface', '127.0.0.2');

	is status_of('/any/x'), 401, 'any: neither';
	is status_of('/any/x', @in), 200, 'any: a password';
	is status_of('/any/x', @there), 200, 'any: an address';
	is status_of('/any/x', @there, '-u', 'sha1:wrong'), 200,
	    'any: an address, whatever it sends';
	is status_of('/all/x'), 403, 'all: neither';
	is status_of('/all/x', @in), 403, 'all: a password';
	is status_of('/all/x', @there), 401, 'all: an address';
	is status_of('/all/x', @there, @in), 200, 'all: both';
	is status_of('/none/x', @in), 200, 'any: a password in spite of deny';
	is status_of('/none/x'), 401, 'any: deny';
};

subtest 'the log' => sub {
	is status_of('/in/x?a', '-u', 'J. R. "Bob":secret'), 200, 'a name';
	is status_of('/in/x?b', '-u', 'sha1:wrong'), 401, 'a wrong password';
	is status_of('/?c', '-u', 'sha1:secret'), 200, 'not asked for';
	my $log;
	wait_until {
		$log = join '', $s->access;
		2 == (() = $log =~ m{/\?c }g);
	} 10;
	like $log, qr{^127\.1\.\S+ - J\.\\x20R\.\\x20\\x22Bob\\x22 \[.*/in/x\?a}m,
	    'the user, in one column';
	like $log, qr{^127\.1\.\S+ - - \[.*/in/x\?b HTTP/1\.1" 401 }m,
	    'nobody who was not let in';
	like $log, qr{^127\.1\.\S+ - - \[.*/\?c }m, 'nor whom nobody asked';
};

# Credentials that nobody has used yet: they have to be checked.
my $fresh = 0;
sub add_user {
	my $name = 'fresh' . ++$fresh;

	$hash{$name} = '$2y$10$PL9P5Nxg.gZ0pV9rlaB0NO6a3O6KwBB5eTcImZgZOQvdinW'
	    . 'JmJvu2';
	return $name;
}

# The users' file is replaced, and the server has seen it.
sub replace_users {
	my ($of, $text, $name) = @_;
	my $file = "$of->{dir}/" . ($name // 'users');

	$of->set_mark;
	spew("$file.new", $text, 0600);
	run('chown', $of->{user}, "$file.new") if $of->{user};
	rename "$file.new", $file or die "$file: $!";
	$of->wait_log(qr/users: |\Q$file\E has changed and was read again/, 10)
	    or fail 'the new file was not seen';
}

my @fresh = map { add_user() } 1 .. 12;
replace_users($s, users());

subtest 'a request waits' => sub {
	my $c = new_client($s);

	$c->send(Pyked::Http::bytes(GET => '/in/x', basic("$fresh[0]:secret"))
	    . Pyked::Http::bytes(GET => '/')
	    . Pyked::Http::bytes(GET => '/in/x', basic("$fresh[1]:secret"))
	    . Pyked::Http::bytes(GET => '/in/x', basic("$fresh[1]:no"))
	    . Pyked::Http::bytes(GET => '/'));
	is join(' ', map { my $r = $c->response; "$r->{status}"
	    . ($r->{status} == 200 ? " $r->{body}" =~ s/\n//r : '') } 1 .. 5),
	    '200 in 200 top 200 in 401 200 top', 'pipelined, in their order';
	my $text = "POST /cgi/cat HTTP/1.1\r\nHost: localhost\r\n"
	    . "Expect: 100-continue\r\nContent-Length: 5\r\n";
	$c = new_client($s);
	$c->send($text . "Authorization: "
	    . (basic("$fresh[2]:no"))[1] . "\r\n\r\n");
	is $c->response->{status}, 401, 'no 100 Continue before a 401';
	$c = new_client($s);
	$c->send($text . "Authorization: "
	    . (basic("$fresh[2]:secret"))[1] . "\r\n\r\n");
	is $c->response->{status}, 100, 'but before a body that is wanted';
	is $c->send('hello')->response->{body}, 'hello', '... which arrives';
	my $body = join '', map { sprintf "%07d\n", $_ } 1 .. 20_000;
	my $r = $s->request("POST /cgi/cat HTTP/1.1\r\nHost: localhost\r\n"
	    . 'Authorization: ' . (basic("$fresh[3]:secret"))[1]
	    . "\r\nContent-Length: " . length($body)
	    . "\r\nConnection: close\r\n\r\n$body");
	ok $r->{body} eq $body, 'a body that comes before the check is over';
	$r = $s->request("POST /cgi/cat HTTP/1.1\r\nHost: localhost\r\n"
	    . 'Authorization: ' . (basic("$fresh[4]:secret"))[1]
	    . "\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
	    . "5\r\nhello\r\n0\r\n\r\n");
	is $r->{body}, 'hello', 'and in chunks';
};

# It has said all that it has to say, and is owed an answer, however long the
# check takes.
subtest 'a client that closes its side' => sub {
	my $from = new_address();
	my ($status, $start);

	for my $try (1 .. 4) {
		my $c = client($s, from => $from);
		$start = time;
		$c->send(Pyked::Http::bytes(GET => '/in/x',
		    basic("sha1:half$try")))->half_close;
		$status = $c->response->{status};
		is $status, 401, "is answered ($try)";
	}
	cmp_ok time - $start, '>=', 0.8, '... after more than a moment';
};

subtest 'asked once' => sub {
	my @c = map { new_client($s) } 1 .. 12;
	my $request = Pyked::Http::bytes(GET => '/in/x',
	    basic("$fresh[5]:secret"));

	# More than one client may have checked at a time.
	$_->send($request) for @c;
	is join(' ', map { $_->response->{status} } @c),
	    join(' ', (200) x 12), 'many requests, one check';
	my $start = time;
	$c[0]->send($request);
	is $c[0]->response->{status}, 200, 'and once more';
	cmp_ok time - $start, '<', scaled(0.5), '... at once';
	my ($ms) = sort { $a <=> $b } map { curl('-k', '-o', '/dev/null', '-w',
	    '%{time_total}', '-u', "$fresh[5]:secret",
	    $s->url('/in/x', 'https'))->{out} } 1 .. 3;
	cmp_ok $ms, '<', scaled(0.5), '... by https, too';
};

subtest 'wrong passwords' => sub {
	my @two = ('--interface', '127.0.0.3');
	my @times;

	# By http and https in turn: it is the address that counts.
	for my $i (1 .. 4) {
		my $r = curl('-k', '-o', '/dev/null', '-w',
		    '%{http_code} %{time_total}', @two, '-u', "sha1:no$i",
		    $s->url('/in/x', $i % 2 ? 'http' : 'https'));
		my ($status, $seconds) = split ' ', $r->{out};
		is $status, 401, "wrong ($seconds s)";
		push @times, $seconds;
	}
	for my $i (0 .. 3) {
		cmp_ok $times[$i], '>=', 0.1 * 2 ** $i, "answer $i is put off";
	}
	my $start = time;
	is curl('-w', '%{http_code}', '-o', '/dev/null', @two, '-u',
	    'sha1:secret', $s->url('/in/x'))->{out}, 200, 'a right one';
	cmp_ok time - $start, '<', 1.6, '... is not';

	# Leaving early is no way around it.
	my @leave = map { background(sub {
		curl('--interface', '127.0.0.3', '-m', 1, '-u', "sha1:leave$_",
		    $s->url('/in/x'));
	}) } 1 .. 4;
	finish($_) for @leave;
	my $r = curl('-D-', '-o', '/dev/null', @two, '-u', 'sha1:more',
	    $s->url('/in/x'));
	like $r->{out}, qr{^HTTP/1\.1 503 .*^Retry-After: 5\r$}ms,
	    'four at a time, gone or not';
	is curl('-w', '%{http_code}', '-o', '/dev/null', @two, '-u',
	    'sha1:secret', $s->url('/in/x'))->{out}, 200,
	    'who is known comes in';
	is curl('-w', '%{http_code}', '-o', '/dev/null', '--interface',
	    '127.0.0.4', '-u', "$fresh[6]:secret", $s->url('/in/x'))->{out},
	    200, 'and who comes from elsewhere';
};

# From 96 addresses, half of them after the other half, until nearly all of the
# answers are put off for seconds.
subtest 'many who guess keep nobody out' => sub {
	my $crowd = Pyked->prepare(files => { 'in/x' => "in\n" },
	    servers => <<'END');
server {
	listen 127.0.0.1:0
	root @SITE@
	location /in { auth Crowd @DIR@/users }
}
END
	spew("$crowd->{dir}/users", "ann:$other\n", 0600);
	$crowd->up;
	my @waiting;
	for my $half (1, 2) {
		my @c = map { client($crowd, from => "127.2.$half.$_") }
		    1 .. 192;
		my $guess = sub {
			$c[$_]->send(Pyked::Http::bytes(GET => '/in/x',
			    basic("ann:$_[0]-$_"))) for 0 .. $#c;
		};
		$guess->('first');
		my $told = grep { $_->response->{status} eq '401' } @c;
		is $told, 192, 'newcomers are told that it was wrong';
		$guess->('second');
		push @waiting, @c;
	}
	my $r = client($crowd, from => '127.2.3.1')->get('/in/x',
	    basic('ann:other'));
	is $r->{status}, 200, 'who knows the password comes in meanwhile';
	$crowd->stop;
};

subtest 'the file changes' => sub {
	is status_of('/in/x', '-u', 'sha1:secret'), 200, 'before';
	$hash{sha1} = $other;
	replace_users($s, users());
	is status_of('/in/x', '-u', 'sha1:secret'), 401,
	    'what was remembered is forgotten';
	is status_of('/in/x', '-u', 'sha1:other'), 200, 'the new one';

	$s->set_mark;
	open my $f, '>>', "$s->{dir}/users" or die $!;
	print $f "plain:hunter2\nlate:$other\n";
	close $f;
	ok $s->wait_log(qr/users: .*users:\d+: the password of "plain" is in /,
	    10), 'a bad line is told, with its number';
	$s->allow(qr/ users: \S+users:\d+: the password of "plain" is in clear/);
	unlike $s->log, qr/hunter2/, '... and without what is in it';
	is status_of('/in/x', '-u', 'late:other'), 200, 'the rest counts';
	is status_of('/in/x', '-u', 'plain:hunter2'), 401, '... it does not';

	$s->set_mark;
	$s->allow(qr/users: No such file or directory: nobody comes in/);
	rename "$s->{dir}/users", "$s->{dir}/away" or die $!;
	ok $s->wait_log(qr/No such file or directory: nobody comes in by it/,
	    10), 'it is missing';
	is status_of('/in/x', '-u', 'sha1:other'), 500, 'nobody comes in';
	is status_of('/in/x'), 401, '... but all are asked';
	is status_of('/'), 200, '... where there is something to ask for';
	$s->set_mark;
	rename "$s->{dir}/away", "$s->{dir}/users" or die $!;
	ok $s->wait_log(qr/users: .*"plain" is in clear/, 10), 'it is back';
	is status_of('/in/x', '-u', 'sha1:other'), 200, '... and counts';
	is scalar(() = $s->log =~ /nobody comes in by it/g), 1, 'said once';
	replace_users($s, users());
};

subtest 'the process' => sub {
	my $pid = authd($s);

	ok $pid, 'there is one';
	SKIP: {
		skip 'only root drops privileges', 3 unless $root;
		my ($uids, $caps) = slurp("/proc/$pid/status") =~
		    /^Uid:\t(.*?)\n.*^CapEff:\t(\w+)/ms;
		my $uid = getpwnam 'www-data';
		is $uids, join("\t", ($uid) x 4), 'it is the workers\' user';
		is $caps, '0' x 16, 'without capabilities';
		my @open = grep { !m{^(?:/dev/null|socket:)} }
		    map { readlink($_) // () } glob "/proc/$pid/fd/*";
		is_deeply \@open, [map { readlink "/proc/$pid/fd/$_" }
		    grep { (readlink("/proc/$pid/fd/$_") // '') !~
		    m{^(?:/dev/null|socket:)} } 0 .. 2], 'nothing is open';
	}
	is status_of('/in/x', '-u', 'sha1:other'), 200, 'remembered';
	kill STOP => $pid;
	my @c = map { new_client($s)->send(Pyked::Http::bytes(GET =>
	    '/in/x', basic("$fresh[$_]:secret"))) } 7, 8;
	$s->set_mark;
	kill KILL => $pid;
	ok $s->wait_log(qr/that checks passwords was killed by signal 9 /, 5),
	    'its death is told';
	is join(' ', map { $_->response->{status} } @c), '200 200',
	    'the next one is asked what it has not answered';
	isnt authd($s), $pid, 'it is another one';
	is status_of('/in/x', '-u', 'sha1:other'), 200, 'all is well';
};

subtest 'a worker dies' => sub {
	my ($worker) = grep { $_ != authd($s) } $s->workers;

	kill KILL => $worker;
	ok wait_until { my @all = $s->workers; @all == 2 &&
	    !grep { $_ == $worker } @all }, 'it is replaced';
	is status_of('/in/x', '-u', 'sha1:other'), 200,
	    'the next one can have passwords checked';
};

subtest 'reload' => sub {
	my $pid = authd($s);
	my $c = new_client($s);
	my $waiting = new_client($s);

	is $c->get('/')->{status}, 200, 'a connection';
	kill STOP => $pid;
	$waiting->send(Pyked::Http::bytes(GET => '/in/x',
	    basic("$fresh[9]:secret")));
	$s->signal('HUP');
	ok $s->wait_ready(2), 'another generation';
	kill CONT => $pid;
	is $waiting->response->{status}, 200, 'who waited is let in';
	is $c->get('/in/x', basic("$fresh[10]:secret"))->{status}, 200,
	    'old workers still have passwords checked';
	eventually { !is_alive($pid) } 5, 'with them its process ends';
	isnt authd($s), 0, 'the new one has its own';
	is status_of('/in/x', '-u', 'sha1:other'), 200, 'all is well';
};
$s->stop;

subtest 'the master dies' => sub {
	my $orphan = Pyked->prepare(servers => <<'END');
server {
	listen 127.0.0.1:0
	root @SITE@
	auth Staff @DIR@/users
}
END
	spew("$orphan->{dir}/users", users(), 0600);
	$orphan->up;
	is $orphan->get('/none', basic('sha1:other'))->{status}, 404,
	    'let in';
	my @all = $orphan->workers;
	is scalar @all, 2, 'a worker and a process for passwords';
	$orphan->signal('KILL');
	eventually { !grep { is_alive($_) } @all } 8, 'both are gone';
	$orphan->destroy;
};

subtest 'other formats of the log' => sub {
	my %want = (json => qr/"client":"127\.0\.0\.1","user":"J\. (?:\\"|\\u0022)x","/,
	    vhost => qr/^localhost:\d+ 127\.0\.0\.1 - J\.\\x20\\x22x \[/,
	    common => qr/^127\.0\.0\.1 - J\.\\x20\\x22x \[/);

	for my $format (sort keys %want) {
		my $f = Pyked->prepare(log => "access \@DIR\@/access.log "
		    . "$format\nerror \@DIR\@/error.log info\n",
		    servers => "server localhost {\nlisten 127.0.0.1:0\n"
		    . "root \@SITE\@\nauth Staff \@DIR\@/users\n}\n");
		spew("$f->{dir}/users", "J. \"x:$other\n" . 'y' x 255
		    . ":$other\n");
		$f->up;
		is $f->get('/none', basic('J. "x:other'))->{status}, 404, $format;
		my ($line) = $f->wait_access(1);
		like $line, $want{$format}, '... has the user';
		unlike $line, qr/"user":"-|other/, '... and nothing else';
		# The longest of everything.
		my $long = '"' x 3000;
		$f->get('/' . '\\' x 3000, basic('y' x 255 . ':other'),
		    Referer => $long, 'User-Agent' => $long);
		is scalar(() = $f->wait_access(2)), 2, 'a long line is one';
		$f->stop;
	}
};

# What a password leaves behind in memory: nothing.
subtest 'memory' => sub {
	plan skip_all => 'a sanitizer keeps what is freed'
	    if Pyked::is_sanitized();
	my $m = Pyked->prepare(tls => 1, top => "sandbox off\nlimits {\n"
	    . "header 16k 1s\n}", files => { 'x' => "x\n" }, scripts => {
	    show => "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n"
	    . "echo \"\$HTTP_AUTHORIZATION\"\n", count => "#!/bin/sh\n"
	    . "printf 'Content-Type: text/plain\\n\\n'; wc -c\n" }, servers => <<'END');
server {
	listen 127.0.0.1:0
	listen 127.0.0.1:0 tls
	certificate @CERT@ @KEY@
	root @SITE@
	auth Staff @DIR@/users
	cgi-authorization on
	location /cgi/ { cgi dir @CGI@ }
}
END
	my $word = 'Xyzzy-' . join '', map { chr 65 + rand 26 } 1 .. 20;
	run({ in => "$word\n" }, Pyked::program(), 'passwd',
	    "$m->{dir}/users", 'ann');
	$m->up;
	my @secrets = ($word, substr((basic("ann:$word"))[1], 6),
	    substr((basic("ann:no-$word"))[1], 6));
	# Half of one is too much.
	my @halves = map { substr $_, length($_) / 2 } @secrets;
	for my $scheme (qw(http https)) {
		is curl('-k', '-u', "ann:$word", $m->url('/x', $scheme))
		    ->{out}, "x\n", "a file by $scheme";
		is curl('-k', '-u', "ann:$word",
		    $m->url('/cgi/show', $scheme))->{out},
		    "Basic $secrets[1]\n", '... a script that wants it all';
		curl('-k', '-u', "ann:no-$word", $m->url('/x', $scheme));
	}
	# Requests that never became one.
	my $line = 'Authorization: ' . (basic("ann:$word"))[1] . "\r\n";
	my $head = "GET /x HTTP/1.1\r\nHost: localhost\r\n$line";
	my @new = (sub { client($m) });
	push @new, sub { Pyked::Tls->new($m->port('https')) }
	    unless Pyked::Tls::missing();
	for my $new (@new) {
		is $new->()->send("${head}bad line\r\n\r\n")->response
		    ->{status}, 400, 'a bad request';
		is $new->()->send($head . "X: " . 'x' x 20_000 . "\r\n\r\n")
		    ->response->{status}, 431, '... one that is too large';
		is $new->()->send($head)->response->{status}, 408,
		    '... one that never ends';
		my $c = $new->()->send($head);
		$m->get('/x');
		$c->close;
		$m->get('/x');
	}
	# Forms have passwords, too.
	my $form = "user=ann&password=$word" . '-' x 300;
	my $post = "POST /cgi/count HTTP/1.1\r\nHost: localhost\r\n" . $line;
	for my $new (@new) {
		for (300, 30_000) {
			my $long = $form . '+' x $_;
			my $n = length $long;
			is $new->()->send("${post}Content-Length: $n\r\n\r\n"
			    . $long)->response->{body}, "$n\n", 'a form';
			is $new->()->send($post . 'Transfer-Encoding: chunked'
			    . sprintf("\r\n\r\n%x\r\n", $n) . $long
			    . "\r\n0\r\n\r\n")->response->{body}, "$n\n",
			    '... in chunks';
			my $c = $new->()->send($post . "Content-Length: "
			    . ($n + 1) . "\r\n\r\n$long");
			$m->get('/x');
			$c->close;
		}
	}
	my $read = 0;
	for my $pid ($m->workers) {
		my $memory = memory_of($pid) or next;
		my @found = grep { index($memory, $_) >= 0 } @halves;

		$read++;
		is scalar @found, 0, "nothing is left in process $pid";
	}
	diag 'the memory could not be read' unless $read;
	$m->stop;
};

# All of a process that can be written to and read; '' without the right to.
sub memory_of {
	my ($pid) = @_;
	my $all = '';

	open my $mem, '<:raw', "/proc/$pid/mem" or return '';
	for my $line (split /\n/, slurp("/proc/$pid/maps")) {
		next unless $line =~ /^(\w+)-(\w+) rw/;
		no warnings 'portable';
		my ($from, $to) = (hex $1, hex $2);
		sysseek $mem, $from, 0 or next;
		sysread $mem, my $part, $to - $from;
		$all .= $part // '';
	}
	return $all;
}

subtest 'nobody checks' => sub {
	my @r = map { $_->response } @unheard;

	is join(' ', map { $_->{status} } @r), join(' ', (503) x 8),
	    'after ten seconds it is 503';
	is $r[0]{headers}{'retry-after'}, 5, '... with Retry-After';
	is scalar(() = $stuck->log =~ /not checked within 10 s/g), 1,
	    'said once';
	kill CONT => $stopped;
	is new_client($stuck)->get('/x', basic('sha1:secret'))->{status}, 200,
	    'when it goes on all is well';
	$stuck->stop;
};

subtest 'mistakes' => sub {
	my $bad = Pyked->prepare;
	my $file = spew("$bad->{dir}/users", "# staff\nann:$other\nbob:hunter2\n"
	    . 'eve:$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/' . "\n", 0600);

	spew($bad->{conf}, "auth Staff users\n");
	my $r = run(Pyked::program(), '-t', '-c', $bad->{conf});
	is $r->{status}, 78, 'refused';
	like $r->{err}, qr{^\Q$file\E:3: the password of "bob" is in clear, or }m,
	    'a password in clear, with its line';
	like $r->{err}, qr{make it anew: pyked passwd \Q$file\E bob\)$}m,
	    '... and its cure';
	like $r->{err}, qr{^\Q$file\E:4: the password of "eve" is hashed with }m,
	    'MD5';
	unlike $r->{err}, qr/hunter2/, 'no password is shown';
	unlink $file;
	$r = run(Pyked::program(), '-t', '-c', $bad->{conf});
	like $r->{err}, qr{conf:1:12: cannot read \Q$file\E: No such file}m,
	    'a missing file';
};
done_testing;
