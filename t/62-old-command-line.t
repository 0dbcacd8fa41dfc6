#!/usr/bin/perl
# Servers that are started without a configuration: by the command line of the
# course server, by a log file, by a folder.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(time);

use Pyked;

my $root = $> == 0;
my $pyked = Pyked::program();
my (%held, $served);

# A folder with all that the old command line names.
sub place {
	my $dir = temporary();

	spew("$dir/www/index.html", "home\n");
	# Only the last folder has to be open to the workers' user.
	spew("$dir/bin/script", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n"
	    . "%s %s\\n' \"\$SCRIPT_NAME\" \"\$PATH_INFO\"\n", 0755);
	certificate($dir, 'localhost');
	certificate($dir, 'other');
	return $dir;
}

# The program, started in dir.
sub in_dir {
	my ($dir, @arguments) = @_;

	return run('sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh', $dir,
	    $pyked, @arguments);
}

sub old {
	my ($http, $https, %o) = @_;

	return ($http, $https, $o{log} // 'pyked.log', $o{lock} // 'pyked.lock',
	    $o{www} // 'www', $o{script} // 'bin/script', $o{key} // 'localhost.key',
	    $o{cert} // 'localhost.pem');
}

# Ends the server whose id is in the file; whatever happens, END does.
sub end_by {
	my ($file) = @_;
	my ($pid) = slurp($file) =~ /^(\d+)\n\z/ or return;

	kill TERM => $pid;
	wait_until { !is_alive($pid) } 10;
	delete $held{$file};
	return !is_alive($pid);
}

END {
	my $status = $?;
	end_by($_) for keys %held;
	$? = $status;
}

# --- eight arguments ---

subtest 'the old command line' => sub {
	my $dir = place();
	my ($http, $https) = (free_port(), free_port());
	my @old = old($http, $https);
	$held{"$dir/pyked.lock"} = 1;
	my $r = in_dir($dir, @old);
	is $r->{status}, 0, 'it starts' or diag $r->{err};
	like $r->{out}, qr/^pyked serves www on port $http and, with https, $https; .*pyked\.lock/,
	    '... and says what it does';
	my $pid = slurp("$dir/pyked.lock") + 0;
	ok is_alive($pid), 'the lock file names it';
	is readlink("/proc/$pid/cwd"), '/', 'it is in the background';
	is curl("http://127.0.0.1:$http/")->{out}, "home\n", 'http';
	is curl('-k', "https://127.0.0.1:$https/")->{out}, "home\n", 'https';
	is curl("http://127.0.0.1:$http/cgi/any/thing?x")->{out},
	    "/cgi /any/thing\n", 'the script is for all under /cgi/'
	    or diag slurp("$dir/pyked.log");
	is curl('-k', "https://127.0.0.1:$https/cgi/")->{out}, "/cgi /\n",
	    '... with https too';
	# Two workers' lines may change places.
	eventually { slurp("$dir/pyked.log") =~ m{ready:\ generation\ 1
	    (?=.*"GET\ /\ HTTP)(?=.*"GET\ /cgi/any)}sx } 5,
	    'all is in the one log';

	$r = in_dir($dir, @old);
	is $r->{status}, 1, 'a second start';
	like $r->{err}, qr/runs already: process $pid, since .*"kill $pid" ends/,
	    '... says who runs, and what to do';
	kill HUP => $pid;
	eventually { slurp("$dir/pyked.log") =~ /ready: generation 2/ } 10,
	    'HUP reloads';
	is curl("http://127.0.0.1:$http/cgi/")->{out}, "/cgi /\n",
	    '... the same';
	ok end_by("$dir/pyked.lock"), 'TERM ends it';
	ok !-e "$dir/pyked.lock", '... and its lock file';
};

subtest 'in the foreground' => sub {
	my $dir = place();
	my $pid = background(sub {
		chdir $dir;
		open STDOUT, '>', "$dir/out";
		exec $pyked, '-f', old(0, 0);
	});
	eventually { slurp("$dir/pyked.log") =~ /ready: generation 1/ } 10,
	    '-f';
	is slurp("$dir/pyked.lock"), "$pid\n", 'it is the one that was started';
	kill INT => $pid;
	is finish($pid, 10), 0, 'INT ends it';
	my $r = in_dir($dir, '-t', old(0, 0));
	is "$r->{status} $r->{err}", '0 ', '-t';
	like $r->{out}, qr/^the command line: the configuration is fine$/m,
	    '... tests it';
};

subtest 'odd names' => sub {
	my $dir = place();
	my $odd = qq{ "\$x"\\;{}# 'y' \xff\xc3\t};
	rename "$dir/www", "$dir/$odd";
	my $port = free_port();
	$held{"$dir/lock$odd"} = 1;
	my $r = in_dir($dir, old($port, 0, www => $odd, log => "log$odd",
	    lock => "lock$odd"));
	is $r->{status}, 0, 'a folder with quotes, dollars and brackets'
	    or diag $r->{err};
	is curl("http://127.0.0.1:$port/")->{out}, "home\n", '... is served';
	ok -s "$dir/log$odd", '... with such a log';
	ok end_by("$dir/lock$odd"), '... and such a lock';
	$r = in_dir($dir, old(0, 0, www => "a\nlisten 1"));
	is $r->{status}, 2, 'a control character';
	like $r->{err}, qr/^pyked: "a\\x0alisten 1" has a control character in it: give it another name$/m,
	    '... is refused';
};

subtest 'mistakes' => sub {
	my $dir = place();
	spew("$dir/plain", "#!/bin/sh\n", 0644);
	for (
	    [2, qr/HTTP port "http" is not a number/, old('http', 0)],
	    [2, qr/HTTPS port "65536" is not a number from 0 to 65535/,
		old(0, 65536)],
	    [2, qr/HTTP port "-1" is not/, '--', old(-1, 0)],
	    [2, qr/^pyked: "-1" is not a port: .* from 0 to 65535$/m,
		old(-1, 0)],
	    [2, qr/HTTPS port "-1" is not a number/, old(0, -1)],
	    [2, qr/HTTP port and the HTTPS port are both 8080/,
		old(8080, 8080)],
	    [2, qr/HTTP port and the HTTPS port are both/, old(8080, '08080')],
	    [2, qr/lock file and the private key are both localhost\.key/,
		old(0, 0, lock => 'localhost.key')],
	    [2, qr/log file and the lock are both/, old(0, 0,
		log => 'x', lock => 'x')],
	    [78, qr{cannot open the folder \S+/none: No such file}, old(0, 0,
		www => 'none')],
	    [78, qr{cannot open the folder \S+/script: Not a dir}, old(0, 0,
		www => 'bin/script')],
	    [78, qr{CGI script none cannot be read: No such file}, old(0, 0,
		script => 'none')],
	    [78, qr{cannot run \S+/plain: it is not executable}, old(0, 0,
		script => 'plain')],
	    [78, qr{cannot run \S+/www: it is not a file}, old(0, 0,
		script => 'www')],
	    [78, qr{key \S+/other.key does not fit the certificate}, old(0, 0,
		key => 'other.key')],
	    [78, qr{certificate.*\S+/none}, old(0, 0, cert => 'none')],
	    [78, qr{key.*\S+/none}, old(0, 0, key => 'none')],
	    [78, qr{\A[^\n]*access log \S+/none/x.log: No such file\N*\(make its folder\)\n\z},
		old(0, 0, log => 'none/x.log')],
	    [78, qr{\A[^\n]*access log \S+/www: Is a dir\N*\(name a file in it\)\n\z},
		old(0, 0, log => 'www')],
	    [78, qr{pid file \S+/none/lock: No such file}, old(0, 0,
		lock => 'none/lock')],
	) {
		my ($status, $pattern, @arguments) = @$_;
		my $r = in_dir($dir, @arguments);
		is $r->{status}, $status, "$pattern" or diag $r->{err};
		like $r->{err}, $pattern, '... its own sentence';
		unlike $r->{err}, qr/^ *\d+ \|/m, '... and no made-up line';
		ok !-e "$dir/pyked.lock", '... nothing runs'
		    or end_by("$dir/pyked.lock");
	}
	SKIP: {
		skip 'only root becomes somebody else', 4 unless $root;
		chmod 0700, "$dir/bin/script";
		like in_dir($dir, '-t', old(0, 0))->{err},
		    qr{user www-data may not run \S+/bin/script: .*chmod 755},
		    'a script of root alone';
		chmod 0755, "$dir/bin/script";
		is in_dir($dir, '-t', old(0, 0))->{err}, '', '... mended';
		chmod 0700, "$dir/bin";
		like in_dir($dir, '-t', old(0, 0))->{err},
		    qr{user www-data may not enter \S+/bin,.*chmod 755},
		    'a folder of root alone';
		chmod 0755, "$dir/bin";
	}
	SKIP: {
		skip 'root may write everywhere', 2 if $root;
		mkdir "$dir/fixed" and chmod 0555, "$dir/fixed";
		my $r = in_dir($dir, old(0, 0, log => 'fixed/x.log'));
		is $r->{status}, 78, 'a log in a folder that is not ours';
		like $r->{err}, qr{\A[^\n]*fixed/x.log: Perm\N*\(name another file, or start as a user who may write it\)\n\z},
		    '... is told once, with a cure';
	}
	SKIP: {
		skip 'only root becomes somebody else', 3 unless $root;
		chmod 0700, "$dir/www";
		my $r = in_dir($dir, old(0, 0));
		is $r->{status}, 78, 'a site of root alone';
		like $r->{err}, qr{user www-data may not enter it: mend it with chmod o\+x},
		    '... is told';
		chmod 0755, "$dir/www";
		ok !-e "$dir/pyked.lock", '... nothing runs'
		    or end_by("$dir/pyked.lock");
	}
	SKIP: {
		skip 'root may read everything', 2 if $root;
		chmod 0311, "$dir/bin/script";
		my $r = in_dir($dir, old(0, 0));
		is $r->{status}, 78, 'an unreadable script';
		like $r->{err}, qr{CGI script bin/script cannot be read: Perm},
		    '... is told';
		chmod 0755, "$dir/bin/script";
	}
	spew("$dir/precious", "something else\n");
	my $kept = in_dir($dir, old(0, 0, lock => 'precious'));
	isnt $kept->{status}, 0, 'a lock file that holds something else';
	like $kept->{err}, qr/precious is there and holds something else/,
	    '... is told';
	is slurp("$dir/precious"), "something else\n", '... and kept';
	my $taken = IO::Socket::INET->new(LocalAddr => '0.0.0.0', Listen => 1);
	my $port = $taken->sockport;
	my $r = in_dir($dir, old($port, 0));
	is $r->{status}, 1, 'a port in use';
	like $r->{err}, qr/cannot listen on 0\.0\.0\.0:$port: process $$ /,
	    '... names who has it';
	is scalar(() = $r->{err} =~ /cannot listen/g), 1, '... once';
};

# --- a log file ---

subtest 'a log file' => sub {
	plan skip_all => 'something uses the port 8080'
	    if IO::Socket::INET->new(PeerAddr => '127.0.0.1:8080');
	plan skip_all => 'a server of this machine runs' if $root
	    && run($pyked, 'status')->{status} ne '3';
	my $dir = place();
	my $pidfile = $root ? '/run/pyked/pyked.pid' : "$dir/my.pid";
	my $folder = $root && !-d '/run/pyked';
	my $r = in_dir($dir, 'my.log');
	plan skip_all => 'somebody was faster' if $r->{err}
	    =~ /:8080: .* listens there|runs already/;
	# Ours alone is to be ended.
	$held{$pidfile} = 1 if $r->{status} eq '0';
	is $r->{status}, 0, 'it starts' or diag $r->{err};
	like $r->{out}, qr{^pyked serves \./www on http://localhost:8080/},
	    '... and says what it does';
	is curl('http://127.0.0.1:8080/')->{out}, "home\n", './www on 8080';
	eventually { slurp("$dir/my.log")
	    =~ /ready: generation 1.*"GET \/ HTTP/s } 5, 'with that log';
	unlike slurp("$dir/my.log"), qr{https://}, '... without https';
	ok end_by($pidfile), 'it ends';
	rmdir '/run/pyked' if $folder;
	spew("$dir/log", '');
	rename "$dir/www", "$dir/w";
	for my $log ('log', 'other.log') {
		$r = in_dir($dir, $log);
		is $r->{status}, 78, "$log is a log file too";
		like $r->{err}, qr{cannot open the folder \S+/www: No such},
		    '... but there is nothing to serve';
	}
};

# --- a folder ---

# Starts "pyked FOLDER" and waits for its greeting: the id and the output.
sub serve {
	my ($dir, @arguments) = @_;
	my $out = "$dir/out." . ++$served;
	my $pid = background(sub {
		chdir $dir;
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', $out;
		open STDERR, '>&', \*STDOUT;
		exec $pyked, @arguments;
	});
	wait_until { slurp($out) =~ /^Requests:$/m || !is_alive($pid) } 10;
	return ($pid, $out);
}

subtest 'a folder' => sub {
	my $dir = place();
	chmod 0755, $dir;
	my $start = time;
	my ($pid, $out) = serve($dir, 'www');
	cmp_ok time - $start, '<', scaled(1), 'ready within a second';
	like slurp($out), qr{^pyked serves \Q$dir\E/www$}m,
	    'it says what it serves';
	my ($port) = slurp($out) =~ m{^ +http://127\.0\.0\.1:(\d+)/$}m;
	ok $port && $port >= 8080 && $port <= 8179, '... and where'
	    or return diag slurp($out);
	is curl("http://127.0.0.1:$port/")->{out}, "home\n", 'the page';
	mkdir "$dir/www/plain" and spew("$dir/www/plain/a file", '');
	like curl("http://127.0.0.1:$port/plain/")->{out}, qr{"a%20file"},
	    'a folder without a page is listed';
	eventually { slurp($out) =~ m{Requests:\n.*"GET / HTTP/1.1" 200}s } 5,
	    'requests are on the terminal';
	my ($conf) = slurp($out) =~ /^(listen 127.*?)\n\n/ms;
	spew("$dir/own.conf", $conf);
	is run($pyked, '-t', '-c', "$dir/own.conf")->{status}, 0,
	    'the configuration that makes it permanent is right';
	like $conf, qr{^root "\Q$dir\E/www"$}m, '... and names the folder';
	like $conf, qr{^listing on$}m, '... and lists folders';
	ok !IO::Socket::INET->new(PeerAddr => "127.0.0.2:$port"),
	    'this machine alone can reach it';
	if ($root) {
		my ($worker) = Pyked::descendants($pid);
		like slurp("/proc/$worker/status"),
		    qr/^Uid:\t@{[(getpwnam 'www-data')[2]]}\t/m,
		    'workers are not root';
	}

	my ($second, $more) = serve($dir, '.');
	my ($other) = slurp($more) =~ m{^ +http://127\.0\.0\.1:(\d+)/$}m;
	like slurp($more), qr{^root "\Q$dir\E"$}m, 'it has its whole name';
	ok $other && $other > $port, 'a second one takes the next port';
	is curl("http://127.0.0.1:$other/www/index.html")->{out}, "home\n",
	    '... and serves';
	kill INT => $second;
	is finish($second, 10), 0, 'Ctrl-C ends it';
	ok is_alive($pid), '... alone';
	kill INT => $pid;
	is finish($pid, 10), 0, 'then the first';
	unlike slurp($out), qr/Z error /, 'there were no errors';
};

subtest 'a folder with TLS' => sub {
	my $dir = place();
	mkdir "$dir/www/plain" and spew("$dir/www/plain/a file", "secret\n");
	chmod 0755, $dir;
	my ($pid, $out) = serve($dir, 'www', '--tls');
	my ($http, $https) = map { slurp($out) =~
	    m{^ +$_://127\.0\.0\.1:(\d+)/}m } qw(http https);
	ok $http && $https, 'it says where' or return diag slurp($out);
	is curl("http://127.0.0.1:$http/")->{out}, "home\n", 'http';
	my $cert = "$dir/made.pem";
	spew($cert, run('sh', '-c', "openssl s_client -connect "
	    . "127.0.0.1:$https -showcerts </dev/null | openssl x509")->{out});
	for my $host ('localhost', '127.0.0.1') {
		is curl('--cacert', $cert, '--resolve',
		    "localhost:$https:127.0.0.1",
		    "https://$host:$https/plain/a%20file")->{out}, "secret\n",
		    "https, and the certificate is for $host";
	}
	my $list = curl('--cacert', $cert, "https://127.0.0.1:$https/plain/");
	like $list->{out}, qr{"a%20file"}, 'a folder is listed';
	is curl('--cacert', $cert, '-o', '/dev/null', '-w', '%{redirect_url}',
	    "https://127.0.0.1:$https/plain")->{out},
	    "https://127.0.0.1:$https/plain/", '... and redirected to';
	my $s = run('sh', '-c', "openssl x509 -in $cert -noout -checkend "
	    . 29 * 86400 . " && openssl x509 -in $cert -noout -text");
	like $s->{out}, qr/CN = localhost.*DNS:localhost, IP Address:127\.0/s,
	    'it is one of this machine';
	my ($conf) = slurp($out) =~ /^(listen 127.*?)\n\n/ms;
	spew("$dir/own.conf", $conf);
	is run($pyked, '-t', '-c', "$dir/own.conf")->{err}, '',
	    'the configuration that makes it permanent is right';
	kill INT => $pid;
	is finish($pid, 10), 0, 'Ctrl-C ends it';
	unlike slurp($out), qr/Z (?:warn|error) /, 'there is nothing to complain of';
	like in_dir($dir, '--tls', 'www')->{err}, qr/--tls stands behind the/,
	    'before the folder it is a slip';
	like in_dir($dir, 'my.log', '--tls')->{err},
	    qr/--tls is for a folder, and "my\.log" is none/, 'and elsewhere';
};

subtest 'a folder with an odd name' => sub {
	my $dir = place();
	my $odd = qq{ "\$x"\\;{}# 'y' \xff\xc3\t};
	mkdir "$dir/$odd" and spew("$dir/$odd/a file", "odd\n");
	chmod 0755, $dir;
	my ($pid, $out) = serve($dir, $odd);
	my ($port) = slurp($out) =~ m{^ +http://127\.0\.0\.1:(\d+)/$}m;
	ok $port, 'it is served' or return diag slurp($out);
	is curl("http://127.0.0.1:$port/a%20file")->{out}, "odd\n",
	    '... with what is in it';
	my ($conf) = slurp($out) =~ /^(listen 127.*?)\n\n/ms;
	spew("$dir/own.conf", $conf);
	is run($pyked, '-t', '-c', "$dir/own.conf")->{err}, '',
	    'the configuration that makes it permanent is right';
	kill INT => $pid;
	is finish($pid, 10), 0, 'Ctrl-C ends it';
	mkdir "$dir/a\e[31mb\n";
	my $r = in_dir($dir, "a\e[31mb\n");
	is $r->{status}, 2, 'control characters';
	like $r->{err}, qr/^pyked: "\S*a\\x1b\[31mb\\x0a" has a control char/,
	    '... are refused, and not shown';
};

subtest 'what is no folder' => sub {
	my $dir = place();
	mkdir "$dir/stop";
	my $r = in_dir($dir, 'none');
	is $r->{status}, 2, 'what is not there';
	like $r->{err}, qr/"none" is neither a folder to serve, nor a log file/,
	    '... is told';
	$r = in_dir($dir, '/');
	is $r->{status}, 78, 'the whole machine';
	like $r->{err}, qr/the command line: the whole machine cannot be served/,
	    '... is refused';
	spew("$dir/my.conf", "root www\n");
	$r = in_dir($dir, 'my.conf');
	is $r->{status}, 2, 'a configuration without -c';
	like $r->{err}, qr/did you mean "pyked -c my\.conf"\?/, '... is told';
	is slurp("$dir/my.conf"), "root www\n", '... and kept';
	SKIP: {
		skip 'root may enter every folder', 2 if $root;
		mkdir "$dir/closed" and chmod 0, "$dir/closed";
		$r = in_dir($dir, 'closed');
		is $r->{status}, 78, 'a folder that may not be read';
		like $r->{err}, qr/closed cannot be served: Permission/,
		    '... is told';
		chmod 0700, "$dir/closed";
	}
	SKIP: {
		skip 'only root becomes somebody else', 2 unless $root;
		mkdir "$dir/root's" and chmod 0700, "$dir/root's";
		$r = in_dir($dir, "root's");
		is $r->{status}, 78, 'a folder that workers may not enter';
		like $r->{err}, qr{folder \S+/root's cannot be served: .* www-data may not enter it: .*chmod o\+x},
		    '... is told';
	}
	$r = in_dir($dir, '-t', './stop');
	is $r->{status}, 0, 'a folder named like a word, with its path';
};

done_testing;
