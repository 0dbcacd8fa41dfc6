#!/usr/bin/perl
# Programs that people have run as CGI for years, with the configurations of
# pyked-cgi.7. Those that are not installed are skipped. PYKED_GIT_MB is the
# size of the repository that git sends to and fro.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::MD5 qw(md5_hex);
use Test::More;

use Pyked;

my $megabytes = $ENV{PYKED_GIT_MB} || 3;
# Programs come to their files by whole paths, as the workers' user.
my $open = temporary(0755);
my $user = $> == 0 ? 'www-data' : getpwuid $>;
my ($cert, $key) = certificate($open, 'localhost');
my %site = slurp(Pyked->top . '/worker/pyked-cgi.7') =~
    /^\.\\" site (\S+)\n\.Bd [^\n]*\n(.*?)^\.Ed$/msg;

# A server with the manual's configuration, but for the places of things.
sub start_site {
	my ($name, %places) = @_;
	my $text = $site{$name} // die "no site $name in the manual";

	$text =~ s/listen( +)443 tls/listen${1}127.0.0.1:0 tls/;
	$text =~ s/listen( +)80$/listen${1}127.0.0.1:0/m;
	$text =~ s/^( +certificate +).*$/$1$cert $key/m;
	while (my ($from, $to) = each %places) {
		$text =~ s/\Q$from\E/$to/g or die "$from is not in $name";
	}
	my $s = Pyked->prepare(servers => $text, top => "root \@SITE\@\n");
	return $s->up;
}

sub belongs_to_user {
	run('chown', '-R', "$user:", @_) if $> == 0;
}

sub post {
	my ($s, $target, $type, $body) = @_;

	return $s->request(Pyked::Http::bytes(POST => $target,
	    'Content-Type' => $type, 'Content-Length' => length $body,
	    Connection => 'close') . $body);
}

# What changes nothing of the caller's and asks nobody anything.
my %git = (HOME => $open, GIT_CONFIG_NOSYSTEM => 1, GIT_TERMINAL_PROMPT => 0,
    GIT_SSL_CAINFO => $cert, GIT_AUTHOR_NAME => 'a', GIT_AUTHOR_EMAIL => 'a@b',
    GIT_COMMITTER_NAME => 'a', GIT_COMMITTER_EMAIL => 'a@b', no_proxy => '*',
    GIT_CONFIG_COUNT => 1, GIT_CONFIG_KEY_0 => 'safe.directory',
    GIT_CONFIG_VALUE_0 => '*');

sub git {
	my (@command) = @_;
	local @ENV{keys %git} = values %git;

	return run({ timeout => scaled(300) }, 'git', '-c',
	    'init.defaultBranch=main', @command);
}

sub git_is_fine {
	my ($name, @command) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $r = git(@command);

	return is($r->{status}, 0, $name) || diag $r->{err};
}

# Bytes that do not compress.
sub noise {
	my ($file, $bytes) = @_;

	open my $from, '<:raw', '/dev/urandom' or die;
	open my $to, '>:raw', $file or die;
	for (my $left = $bytes; $left > 0; $left -= 1 << 20) {
		read $from, my $x, $left < 1 << 20 ? $left : 1 << 20;
		print $to $x;
	}
	close $to or die;
}

sub head_of { return git('-C', $_[0], 'rev-parse', 'main')->{out} }

subtest "git, $megabytes MB" => sub {
	plan skip_all => 'git is not installed'
	    unless -x '/usr/lib/git-core/git-http-backend';
	my ($work, $copy) = ("$open/work", "$open/copy");
	my $bare = "$open/srv/one.git";
	my $passwords = "$open/git.htpasswd";

	mkdir "$open/srv";
	git('init', '-q', $work);
	noise("$work/large", $megabytes << 20);
	git('-C', $work, 'add', '.');
	git('-C', $work, 'commit', '-qm', 'one');
	git('clone', '-q', '--bare', $work, $bare);
	belongs_to_user("$open/srv");
	run({ in => "secret\n" }, Pyked::program(), 'passwd', $passwords, 'me');
	my $s = start_site('git', '/srv/git' => "$open/srv",
	    '/etc/pyked/git.htpasswd' => $passwords);
	my $port = $s->port('https');
	my $url = "https://127.0.0.1:$port/git/one.git";
	my $push = "https://me:secret\@127.0.0.1:$port/push/one.git";

	git_is_fine('clone', 'clone', '-q', $url, $copy);
	is md5_hex(slurp("$copy/large")), md5_hex(slurp("$work/large")),
	    'every byte of it';
	noise("$work/more", $megabytes << 18);
	git('-C', $work, 'add', '.');
	git('-C', $work, 'commit', '-qm', 'two');
	my $r = git('-C', $work, 'push', $url, 'main');
	isnt $r->{status}, 0, 'nobody pushes without a name';
	$r = git('-C', $work, 'push', $push =~ s/secret/wrong/r, 'main');
	isnt $r->{status}, 0, 'nor with a wrong password';
	git_is_fine('push', '-C', $work, 'push', '-q', $push, 'main');
	is head_of($bare), head_of($work), 'it is there';
	git_is_fine('fetch', '-C', $copy, 'fetch', '-q', $url, 'main:new');
	is git('-C', $copy, 'rev-parse', 'new')->{out}, head_of($work),
	    'what was pushed comes back';
	git_is_fine('the repository is whole', '-C', $bare, 'fsck', '--full');
	git_is_fine('a shallow clone', 'clone', '-q', '--depth', '1', $url,
	    "$open/shallow");
	$r = git('clone', '-q', "$url.none", "$open/none");
	isnt $r->{status}, 0, 'what is not there is not cloned';
	$s->stop;
};

subtest 'php-cgi' => sub {
	plan skip_all => 'php-cgi is not installed'
	    unless -x '/usr/bin/php-cgi';
	my $www = "$open/php";
	spew("$www/$_->[0]", $_->[1]) for [ 'server.php', <<'END' ],
<?php
foreach (['SCRIPT_NAME', 'SCRIPT_FILENAME', 'PATH_INFO', 'QUERY_STRING',
    'REQUEST_URI', 'PHP_SELF', 'REQUEST_METHOD', 'DOCUMENT_ROOT',
    'SERVER_NAME', 'HTTP_X_OWN'] as $k)
	echo "$k=", $_SERVER[$k] ?? '(none)', "\n";
echo "get=", $_GET['a'] ?? '', "\n";
END
	    [ 'upload.php', <<'END' ],
<?php
$f = $_FILES['file'];
echo $_POST['name'], ' ', $f['name'], ' ', $f['size'], ' ',
    md5_file($f['tmp_name']), ' ', $f['error'];
END
	    [ 'sub/index.php', '<?php echo "index ", __FILE__;' ],
	    [ 'status.php', '<?php http_response_code(418);'
		. 'header("X-Php: yes"); setcookie("a", "b"); echo "tea";' ],
	    [ 'photo.jpg', '<?php echo "no picture";' ],
	    [ 'file.txt', "text\n" ];
	my $s = start_site('php', '/var/www/html' => $www);
	my $r = $s->get('/server.php?a=b%20c', 'X-Own' => 'x');
	my %is = $r->{body} =~ /^(\w+)=(.*)$/mg;
	is "$r->{status} $is{SCRIPT_NAME} $is{PATH_INFO} $is{PHP_SELF}",
	    '200 /server.php (none) /server.php', 'a page' or diag $r->{body};
	is "$is{get} $is{HTTP_X_OWN} $is{SERVER_NAME} $is{REQUEST_URI}",
	    'b c x localhost /server.php?a=b%20c', 'what it was asked';
	is "$is{SCRIPT_FILENAME} $is{DOCUMENT_ROOT}", "$www/server.php $www",
	    'where it is';
	%is = $s->get('/server.php/info/x%20y?q')->{body} =~ /^(\w+)=(.*)$/mg;
	is "$is{SCRIPT_NAME} $is{PATH_INFO} $is{PHP_SELF} $is{REQUEST_URI}",
	    '/server.php /info/x y /server.php/info/x y '
	    . '/server.php/info/x%20y?q', 'with a path behind it';
	is $s->get('/sub/')->{body}, "index $www/sub/index.php", 'an index';
	my $file = join '', map { pack 'N', $_ * 2654435761 % 2 ** 32 }
	    1 .. 300_000;
	my $body = "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n"
	    . "\r\nvalue\r\n--b\r\nContent-Disposition: form-data; "
	    . "name=\"file\"; filename=\"up.bin\"\r\n"
	    . "Content-Type: application/octet-stream\r\n\r\n$file\r\n--b--\r\n";
	is post($s, '/upload.php', 'multipart/form-data; boundary=b',
	    $body)->{body}, 'value up.bin 1200000 ' . md5_hex($file) . ' 0',
	    'an upload of 1.2 MB';
	$r = $s->get('/status.php');
	is "$r->{status} $r->{body} " . field($r, 'X-Php')
	    . field($r, 'Set-Cookie'), '418 tea yesa=b',
	    'status and fields';
	is $s->get('/file.txt')->{body}, "text\n", 'a file beside it';
	is $s->get('/none.php')->{status}, 404, 'no such page';
	is $s->get("/$_")->{status}, 404, "$_ runs nothing"
	    for 'photo.jpg/x.php', 'photo.jpg/.php', 'photo.jpg.php/x';
	unlike $s->get('/server.php%2Fx')->{body}, qr/<\?php/, 'no source';
	$s->stop;
};

my $wsgi = <<'END';
#!/usr/bin/python3
from wsgiref.handlers import CGIHandler

def application(environ, start_response):
    n = int(environ.get('CONTENT_LENGTH') or 0)
    body = environ['wsgi.input'].read(n)
    start_response('201 Made', [('Content-Type', 'text/plain'),
        ('X-Path', environ.get('PATH_INFO', '')), ('X-Query', environ['QUERY_STRING'])])
    yield environ['REQUEST_METHOD'].encode() + b' '
    yield environ['wsgi.url_scheme'].encode() + b' '
    yield body.upper()

CGIHandler().run(application)
END
my $form = <<'END';
#!/usr/bin/perl
use strict;
use warnings;
use CGI;

my $q = CGI->new;
my @all = $q->multi_param('many');
print $q->header(-type => 'text/plain', -charset => 'utf-8', -status => 202,
    -cookie => $q->cookie(-name => 'c', -value => 'v'));
print join ',', $q->request_method, $q->param('name') // '', scalar @all,
    $q->url(-path_info => 1), $q->cookie('in') // '';
my $upload = $q->upload('file');
if ($upload) {
	local $/;
	print ',', length <$upload>;
}
END

subtest 'Python and Perl' => sub {
	my $cgi = "$open/cgi-bin";
	spew("$cgi/app.py", $wsgi, 0755);
	spew("$cgi/form.pl", $form, 0755);
	mkdir "$open/html";
	my $s = start_site('scripts', '/usr/lib/cgi-bin' => $cgi,
	    '/var/www/html' => "$open/html");
	my $r;
	SKIP: {
		skip 'python3 is not installed', 3 unless -x '/usr/bin/python3';
		$r = $s->get('/app/some/where?x=1');
		is "$r->{status} $r->{body}", '201 GET http ', 'WSGI';
		is field($r, 'X-Path')
		    . field($r, 'X-Query'), '/some/wherex=1',
		    'with path and query';
		is post($s, '/app', 'text/plain', 'shout')->{body},
		    'POST http SHOUT', 'and a body';
	}
	SKIP: {
		skip 'CGI.pm is not installed', 3
		    unless run('perl', '-MCGI', '-e', '1')->{status} eq '0';
		$r = $s->get('/cgi-bin/form.pl/p?name=a+b&many=1&many=2',
		    Cookie => 'in=side');
		like "$r->{status} $r->{body}",
		    qr{^202 GET,a b,2,http://localhost(:\d+)?/cgi-bin/form\.pl/p,side$},
		    'CGI.pm: a query';
		like field($r, 'Set-Cookie'), qr/^c=v/, 'a cookie';
		my $body = "--b\r\nContent-Disposition: form-data; "
		    . "name=\"name\"\r\n\r\nposted\r\n--b\r\n"
		    . "Content-Disposition: form-data; name=\"file\"; "
		    . "filename=\"f\"\r\n\r\n" . 'x' x 200_000
		    . "\r\n--b--\r\n";
		$r = post($s, '/cgi-bin/form.pl',
		    'multipart/form-data; boundary=b', $body);
		like $r->{body}, qr/^POST,posted,0,.*,200000$/, 'an upload';
	}
	$s->stop;
};

subtest 'cgit' => sub {
	plan skip_all => 'cgit is not installed'
	    unless -x '/usr/lib/cgit/cgit.cgi' && -d "$open/srv/one.git";
	my $rc = spew("$open/cgitrc", "css=/cgit/cgit.css\nlogo=/cgit/cgit.png\n"
	    . "virtual-root=/\nrepo.url=one\nrepo.path=$open/srv/one.git\n");
	$site{cgit} =~ s/^( +cgi +program.*)$/$1\nenv CGIT_CONFIG $rc/m;
	my $s = start_site('cgit');
	my $r = $s->get('/');
	is $r->{status}, 200, 'the list of repositories';
	like $r->{body}, qr{href='/cgit/cgit\.css'}, 'which has a style sheet';
	$r = $s->get('/cgit/cgit.css');
	is $r->{status}, 200, 'that is there';
	is field($r, 'Content-Type') =~ s/;.*//r, 'text/css',
	    'of its type';
	is length $r->{body}, -s '/usr/share/cgit/cgit.css', 'and whole';
	is $s->get('/cgit/cgit.png')->{status}, 200, 'the picture, too';
	like $s->get('/one/log/')->{body}, qr/>two</, 'the log of one';
	$r = $s->get('/one/plain/more');
	is length $r->{body}, $megabytes << 18, 'a file out of it'
	    if $megabytes < 10;
	is $s->get('/none/')->{status}, 404, 'no repository';
	$s->stop;
};
done_testing;
