#!/usr/bin/perl
# Links, races, special files, permissions: what may be reached in a root, and
# what the log says of what may not.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use POSIX ();
use Socket qw(AF_UNIX SOCK_STREAM pack_sockaddr_un);
use Test::More;
use Time::HiRes qw(time);

use Pyked;

my $script = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nran\\n'\n";
my $s = Pyked->prepare(files => {
	'file.txt' => "inside\n",
	'sub/file.txt' => "inside\n",
	'sub/index.html' => "inside\n",
	'open/file.txt' => "inside\n",
	'open/closed/deep/file.txt' => "no\n",
	'unreadable.txt' => "no\n",
	'unlisted/index.html' => "inside\n",
	'unlisted/file.txt' => "inside\n",
	'.hidden/file.txt' => "no\n",
	'.well-known/file.txt' => "inside\n",
}, scripts => { run => $script, 'more/run' => $script });
my $site = $s->{site};
spew("$s->{dir}/outside/file.txt", "outside\n");
spew("$s->{dir}/outside/run", $script =~ s/ran/outside/r, 0755);
my %link = (
	'in.txt' => 'file.txt',
	'in' => 'sub',
	'sub/back.txt' => '../file.txt',
	'chain.txt' => 'sub/back.txt',
	'out.txt' => '../outside/file.txt',
	'absolute.txt' => "$s->{dir}/outside/file.txt",
	'home.txt' => "$site/file.txt",
	'out' => '../outside',
	'away-and-back.txt' => '../site/file.txt',
	'magic.txt' => '/proc/self/fd/0',
	'passwd' => '/etc/passwd',
	'loop-a' => 'loop-b',
	'loop-b' => 'loop-a',
	'dangling.txt' => 'nothing.txt',
);
symlink $link{$_}, "$site/$_" or die "$_: $!" for keys %link;
symlink 'run', "$s->{cgi}/in";
symlink 'more', "$s->{cgi}/folder";
symlink '../outside/run', "$s->{cgi}/out";
symlink '../outside', "$s->{cgi}/away";
POSIX::mkfifo("$site/fifo", 0644) or die "mkfifo: $!";
socket my $listening, AF_UNIX, SOCK_STREAM, 0 or die "socket: $!";
bind $listening, pack_sockaddr_un("$site/socket") or die "bind: $!";
my $devices = $> == 0 && run('mknod', "$site/null", 'c', 1, 3)->{status} eq '0'
    && run('mknod', '-m', 644, "$site/disk", 'b', 7, 250)->{status} eq '0';
chmod 0, "$site/unreadable.txt", "$site/open/closed";
chmod 0311, "$site/unlisted";
# What is outside is really there, for whoever gets that far.
chmod 0711, $s->{dir};
$s->write_conf(servers => <<'END');
server {
	listen 127.0.0.1:0
	root @SITE@
	location /cgi/ { cgi dir @CGI@ }
}
server off.example {
	listen 127.0.0.1:0
	root @SITE@
	symlinks off
	location /cgi/ { cgi dir @CGI@ }
}
server on.example {
	listen 127.0.0.1:0
	root @SITE@
	symlinks on
	listing on
	dotfiles on
	location /cgi/ { cgi dir @CGI@ }
}
END
$s->up;
my ($beneath, $off, $on) = $s->ports;
my $all_readable = $> == 0 && !getpwnam 'www-data';

sub get {
	my ($port, $target) = @_;

	return client($port)->send(Pyked::Http::bytes(GET => $target,
	    Connection => 'close'))->response;
}

# "200 inside", "404".
sub answer {
	my $r = get(@_);

	return $r->{status} . ($r->{status} eq '200' ? " $r->{body}" : '')
	    =~ s/\n//gr;
}

subtest 'links' => sub {		# P13, P14
	# target, then what it is with symlinks off, beneath and on
	for (['file.txt', ('200 inside') x 3],
	    ['in.txt', 403, ('200 inside') x 2],
	    ['in/file.txt', 403, ('200 inside') x 2],
	    ['in/', 403, ('200 inside') x 2],
	    ['in', 403, 301, 301],
	    ['sub/back.txt', 403, ('200 inside') x 2],
	    ['in/back.txt', 403, ('200 inside') x 2],
	    ['chain.txt', 403, ('200 inside') x 2],
	    ['out.txt', 403, 403, '200 outside'],
	    ['out/file.txt', 403, 403, '200 outside'],
	    ['out/', 403, 403, 200], ['out', 403, 403, 301],
	    ['absolute.txt', 403, 403, '200 outside'],
	    ['home.txt', 403, 403, '200 inside'],
	    ['away-and-back.txt', 403, 403, '200 inside'],
	    ['magic.txt', 403, 403, 404],
	    ['loop-a', 403, 404, 404], ['loop-a/x', 403, 404, 404],
	    ['dangling.txt', 403, 404, 404],
	    ['cgi/run', ('200 ran') x 3], ['cgi/in', 403, ('200 ran') x 2],
	    ['cgi/folder/run', 403, ('200 ran') x 2],
	    ['cgi/in/info', 403, ('200 ran') x 2],
	    ['cgi/out', 403, 403, '200 outside'],
	    ['cgi/away/run', 403, 403, '200 outside']) {
		my ($target, @want) = @$_;
		my %port = (off => $off, beneath => $beneath, on => $on);
		for my $policy (qw(off beneath on)) {
			my $want = shift @want;
			like answer($port{$policy}, "/$target"), qr/^$want/,
			    "$policy: $want for $target";
		}
	}
	my $out = "403: $site/out.txt is a symbolic link that leads out of "
	    . "$site (symlinks beneath)";
	ok $s->wait_log(qr{\Q$out\E\n}), 'the log names the link';
	ok $s->wait_log(qr{403: \Q$site\E/out is a symbolic link that}),
	    '... also on the way';
	ok $s->wait_log(qr{403: \Q$site\E/in is a symbolic link \(symlinks off\)}),
	    '... and the policy';
};

subtest 'dotfiles' => sub {		# P16
	is answer($beneath, '/.hidden/file.txt'), 404, 'hidden';
	is answer($on, '/.hidden/file.txt'), '200 no', 'or not';
	is answer($beneath, '/.well-known/file.txt'), '200 inside',
	    'well-known';
	for ('.well-known/.x', '.well-knownx', 'sub/.well-known/x', '.hidden',
	    '.hidden/', '%2ehidden/file.txt', 'sub/../.hidden/file.txt') {
		is answer($beneath, "/$_"), 404, "404 for $_";
	}
};

subtest 'special files' => sub {		# P17
	for my $name ('fifo', 'socket', $devices ? ('null', 'disk') : ()) {
		my $start = time;
		is answer($beneath, "/$name"), 403, "403 for $name";
		my $took = time - $start;
		cmp_ok $took, '<', scaled(0.5), '... at once';
		is answer($on, "/$name"), 403, '... with any policy';
		is answer($beneath, "/$name/"), 404, '... and no folder';
	}
	my $c = client($beneath);
	my @took = sort { $a <=> $b } map {
		my $start = time;
		$c->get('/fifo');
		time - $start;
	} 1 .. 50;
	cmp_ok $took[25], '<', scaled(0.01), 'in less than 10 ms';

	my $start = time;
	my @c = map { client($beneath)->send(Pyked::Http::bytes(
	    GET => '/fifo')) } 1 .. 170;
	is get($beneath, '/file.txt')->{body}, "inside\n",
	    'others are served beside 170 that want a pipe';
	is scalar(grep { $_->response->{status} ne '403' } @c), 0,
	    '... which all get 403';
};

subtest 'permissions' => sub {		# P18
	plan skip_all => 'root reads everything when its workers are root'
	    if $all_readable;
	is answer($beneath, '/unreadable.txt'), 403, 'a file';
	ok $s->wait_log(qr{403: \Q$site\E/unreadable\.txt may not be read}),
	    '... is named';
	is answer($beneath, '/open/closed/deep/file.txt'), 403, 'a folder';
	ok $s->wait_log(
	    qr{403: the folder \Q$site\E/open/closed may not be entered}),
	    '... is named, and not what is in it';
	is answer($beneath, '/open/file.txt'), '200 inside', 'beside it';
	is answer($beneath, '/unlisted/'), '200 inside',
	    'a folder that may be entered and not read: its index';
	is answer($beneath, '/unlisted/file.txt'), '200 inside',
	    '... and its files';
	unlink "$site/unlisted/index.html";
	is answer($on, '/unlisted/'), 403, '... but no list of them';
};

# Renames turn a folder into a link that leads out, and back, 100000 of them at
# least; nothing from outside may ever come.
subtest 'races' => sub {		# P15
	spew("$site/flip/file.txt", "inside\n");
	symlink '../outside', "$site/flip-out";
	my $pid = background(sub {
		my ($stop, $n) = (0, 0);
		$SIG{TERM} = sub { $stop = 1 };
		chdir $site;
		until ($stop && $n >= 100000) {
			$n += rename 'flip', 'flip-in';
			$n += rename 'flip-out', 'flip';
			$n += rename 'flip', 'flip-out';
			$n += rename 'flip-in', 'flip';
		}
	});
	my ($rounds, %seen) = (0);
	my $end = time + scaled(30);
	my $request = Pyked::Http::bytes(GET => '/flip/file.txt');
	my $c;
	while (time < $end && ($rounds < 500 || keys %seen < 2)) {
		# No connection is for ever.
		$c = client($beneath) if $rounds++ % 90 == 0;
		$c->send($request x 10);
		for (1 .. 10) {
			my $r = $c->response;
			$seen{"$r->{status} " . ($r->{status} eq '200' ?
			    $r->{body} : '')}++;
		}
	}
	kill TERM => $pid;
	is finish($pid, 60), 0, '100000 renames';
	is scalar(grep { !/^(200 inside\n|403 |404 )\z/ } keys %seen), 0,
	    'nothing from outside' or diag explain \%seen;
	cmp_ok $rounds, '>=', 500, '... in 5000 answers';
	ok $seen{"200 inside\n"} && keys %seen > 1,
	    '... some of which were in time and some not';
	note explain \%seen;
};

chmod 0755, "$site/open/closed", "$site/unlisted";
$s->stop;
done_testing;
