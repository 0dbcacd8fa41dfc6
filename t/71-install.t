#!/usr/bin/perl
# make dist, install and uninstall; and the commands of README.md, word by
# word, on a copy of this machine's folders.
use strict;
use warnings;
use File::Find ();
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Pyked;

my $top = Pyked::top();
my $dir = temporary();
my $source = "$dir/source";
my $has_git = run('git', '-c', "safe.directory=$top", '-C', $top, 'rev-parse',
    '--git-dir')->{status} eq '0';

# This may be run by a make with options and variables of its own.
sub make {
	my ($where, @arguments) = @_;

	return run({ timeout => 300 }, 'env', '-u', 'MAKEFLAGS', '-u', 'MFLAGS',
	    '-u', 'MAKEOVERRIDES', '-u', 'MAKELEVEL', 'make', '-s', '-C',
	    $where, @arguments);
}

sub good {
	my ($r, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	is $r->{status}, 0, $name or diag $r->{out}, $r->{err};
	return $r;
}

# All files below a folder: { name => "mode content" }.
sub tree {
	my ($folder) = @_;
	my %found;

	return \%found unless -d $folder;
	File::Find::find({ no_chdir => 1, wanted => sub {
		my $mode = sprintf '%o', (lstat)[2] & 07777;
		my $name = substr $_, length $folder;
		$found{$name} = -d _ ? $mode : "$mode " . slurp($_);
	} }, $folder);
	return \%found;
}

sub files {
	my ($folder) = @_;

	return join ' ', sort grep { !-d "$folder$_" } keys %{ tree($folder) };
}

# --- the tarball ---

subtest 'make dist' => sub {
	plan skip_all => 'this is no git repository' unless $has_git;
	my ($version) = slurp("$top/Makefile") =~ /^VERSION\s*=\s*(\S+)/m;
	my $tarball = "$top/build/pyked-$version.tar.gz";
	my $r = good make($top, 'dist'), 'the first one';
	is $r->{out}, "build/pyked-$version.tar.gz\n", '... says its name';
	my $first = slurp($tarball);
	ok length $first, '... and is there';
	{
		local @ENV{qw(TZ LC_ALL)} = ('Asia/Tokyo', 'en_US.UTF-8');
		my $mask = umask 077;
		unlink $tarball;
		good make($top, 'dist'), 'the second one';
		umask $mask;
	}
	ok slurp($tarball) eq $first, '... has the same bytes';
	my $known = run('git', '-c', "safe.directory=$top", '-C', $top,
	    'ls-files')->{out};
	my $packed = run('tar', '-tzf', $tarball)->{out};
	is join("\n", sort split /\n/, $packed =~ s{^pyked-$version/}{}gmr),
	    join("\n", sort split /\n/, $known), 'what git knows is in it';
	my @owners = grep { !m{^\S+ root/root } }
	    split /^/m, run('tar', '-tvzf', $tarball)->{out};
	is "@owners", '', 'it is all root\'s';
	mkdir $_ for $source, "$dir/elsewhere";
	good run('tar', '-xzf', $tarball, '-C', $_, '--strip-components=1'),
	    'unpacked' for $source, "$dir/elsewhere";
};

if (!-d $source) {
	mkdir $source;
	run('cp', '-R', map({ "$top/$_" } qw(Makefile LICENSE README.md common
	    conf master t worker www)), $source);
}

subtest 'a build without git' => sub {
	spew("$dir/bin/git", "#!/bin/sh\nexit 1\n", 0755);
	local $ENV{PATH} = "$dir/bin:$ENV{PATH}";
	good make($source, '-j2'), 'make';
	like run("$source/pyked", '-V')->{out}, qr/^pyked \d/, '... works';
	isnt make($source, 'dist')->{status}, 0, 'make dist needs it';
	plan skip_all => 'there is no second one' unless -d "$dir/elsewhere";
	my $object = 'build/release/common/str.o';
	good make("$dir/elsewhere", $object), 'in another folder';
	ok slurp("$dir/elsewhere/$object") eq slurp("$source/$object"),
	    '... come the same bytes';
};

# --- into a folder ---

my @etc = qw(/etc/init.d/pyked /etc/logrotate.d/pyked /etc/pyked/pyked.conf);

subtest 'make install' => sub {
	my $root = "$dir/root";
	my $r = good make($source, 'install', "DESTDIR=$root"), 'it works';
	is $r->{out} . $r->{err}, '', '... silently';
	my $mode = sub { sprintf '%o', (stat "$root$_[0]")[2] & 07777 };
	is $mode->($_), 644, "$_" for @etc[1, 2], '/var/www/html/index.html',
	    '/usr/local/lib/systemd/system/pyked.service';
	is $mode->($_), 755, "$_" for $etc[0], '/usr/local/sbin/pyked',
	    '/var/log/pyked';
	is $mode->('/var/lib/pyked'), 1733, '/var/lib/pyked';
	is slurp("$root/etc/pyked/pyked.conf"),
	    slurp("$source/conf/pyked.conf"), 'the sample is what is in force';
	for my $page (glob "$source/{master,conf,worker}/*.[0-9]") {
		my ($name, $section) = $page =~ m{([^/]+(\d))$};
		is slurp("$root/usr/local/share/man/man$section/$name"),
		    slurp($page), $name;
	}
	my $mask = umask 077;
	good make($source, 'install', "DESTDIR=$root.2"), 'once more';
	umask $mask;
	delete @{ $_ }{''} for my ($one, $two) = map { tree($_) } $root,
	    "$root.2";
	is_deeply $two, $one, '... into the same tree';
	good make($source, 'uninstall', "DESTDIR=$root"), 'make uninstall';
	is files($root), '', '... leaves no file';
	ok !-e "$root$_", "... and no $_" for qw(/etc/pyked /var/lib/pyked
	    /var/log/pyked /var/www /usr/local/share/pyked);
};

subtest 'other folders' => sub {
	my $root = "$dir/opt";
	good make($source, 'install', "DESTDIR=$root", 'PREFIX=/opt/pyked',
	    'SYSCONFDIR=/opt/etc'), 'make install';
	like run("$root/opt/pyked/sbin/pyked", '-h')->{out},
	    qr{\(/opt/etc/pyked/pyked\.conf\)}, 'the program knows them too';
	like slurp("$root/opt/etc/init.d/pyked"),
	    qr{^program=/opt/pyked/sbin/pyked\nconf=/opt/etc/pyked/pyked\.conf$}m,
	    'the init script knows';
	like slurp("$root/opt/pyked/lib/systemd/system/pyked.service"),
	    qr{^ExecStart=/opt/pyked/sbin/pyked -f -c /opt/etc/pyked/pyked\.conf$}m,
	    'the unit does';
	for my $name (qw(init.d/pyked logrotate.d/pyked)) {
		unlike slurp("$root/opt/etc/$name"), qr{/usr/local|/etc/pyked/
		    (?<!/opt/etc/pyked/)}x, "$name knows no other";
	}
	ok !-e "$root/etc" && !-e "$root/usr", 'nothing is elsewhere';
};

# --- what the administrator changed ---

subtest 'changed files' => sub {
	my $root = "$dir/changed";
	my $install = sub { make($source, 'install', "DESTDIR=$root") };
	my $html = "$root/var/www/html";
	my $share = "$root/usr/local/share/pyked";

	spew("$html/mine.html", "mine\n");
	good $install->(), 'beside a site that is there';
	is files($html), '/mine.html', '... which stays as it is';
	unlink "$html/mine.html";
	good $install->(), 'without it';
	ok -e "$html/index.html", '... there is a first page';

	spew("$root/etc/pyked/pyked.conf", "listen 81\n");
	spew("$html/style.css", "body {}\n");
	spew($_, "old\n") for "$root/etc/init.d/pyked",
	    "$share/conf/pyked.init";
	unlink "$root/etc/logrotate.d/pyked";
	my $r = good $install->(), 'again';
	is slurp("$root/etc/pyked/pyked.conf"), "listen 81\n",
	    'a changed configuration is kept';
	is slurp("$html/style.css"), "body {}\n", '... and a changed page';
	is $r->{out}, "kept your /etc/pyked/pyked.conf; the new one is "
	    . "/usr/local/share/pyked/conf/pyked.conf\n"
	    . "kept your /var/www/html/style.css; the new one is "
	    . "/usr/local/share/pyked/www/style.css\n", '... which is said';
	is slurp("$share/conf/pyked.conf"), slurp("$source/conf/pyked.conf"),
	    '... and the new one is there';
	is slurp("$root/etc/init.d/pyked"), slurp("$source/conf/pyked.init"),
	    'an old one that nobody changed is not';
	ok -e "$root/etc/logrotate.d/pyked", 'one that was missing is back';

	spew("$root/var/log/pyked/access.log", "GET /\n");
	$r = good make($source, 'uninstall', "DESTDIR=$root"), 'uninstall';
	is files($root), '/etc/pyked/pyked.conf /var/log/pyked/access.log '
	    . '/var/www/html/style.css', '... keeps what was changed';
	is scalar(() = $r->{out} =~ /^kept /mg), 3, '... and says so';
};

# --- README.md ---

# Copies of the machine's folders, its own processes, its own network.
my $sandbox = <<'EOF_SANDBOX';
set -eu
mkdir "$1"
mount -t tmpfs none "$1"
for folder in /etc /usr/local /var /run; do
	mkdir -p "$1/upper$folder" "$1/work$folder"
	mount -t overlay -o "lowerdir=$folder,upperdir=$1/upper$folder,workdir=$1/work$folder" none $folder
done
mount -t tmpfs none /run
ip link set lo up
EOF_SANDBOX

sub in_sandbox {
	my ($script) = @_;

	return run({ timeout => 120 }, 'unshare', '-mnpif', '--kill-child',
	    '--mount-proc', 'sh', '-c', $sandbox . $script, 'sh',
	    "$dir/machine");
}

# The commands below a title, without what is said about them.
sub commands {
	my ($title) = @_;
	my ($text) = slurp("$source/README.md") =~ /^## \Q$title\E\n(.*?)^## /ms;

	return map { s/\s*#.*//r } $text =~ /^ {4}(\S.*)$/mg;
}

subtest 'the README' => sub {
	plan skip_all => 'needs root' if $> != 0;
	my $r = in_sandbox("rm -rf /etc/pyked /etc/init.d/pyked\n");
	plan skip_all => "no sandbox here: $r->{err}" if $r->{status} ne '0';
	rmdir "$dir/machine";
	my @commands = commands('Install it as a service');
	is scalar(grep { m{^make install$|pyked (?:start|stop)$} } @commands),
	    3, 'it says how to install, to start and to stop';
	my $script = "rm -rf /etc/pyked /etc/init.d/pyked /var/www\n"
	    . "cd $source\nhtml() { curl -sS -o /dev/null -w '%{http_code}\\n' "
	    . "http://127.0.0.1:8080/; }\nlist() { cat /proc/[0-9]*/comm | "
	    . "grep -c '^pyked' || true; }\n";
	for my $command (@commands) {
		$script .= "echo '\$ $command'\n$command\n";
		$script .= "html\nlist\n" if $command =~ /start$|reload$/;
		$script .= "list\n" if $command =~ /stop$/;
	}
	$script .= "find /etc /usr/local /var -newer $source/README.md "
	    . "-path '*pyked*' -type f\n";
	$r = in_sandbox($script);
	is $r->{status}, 0, 'every command works' or diag $r->{err};
	my %out = $r->{out} =~ /^\$ (.*)\n((?:(?!\$ ).*\n)*)/mg;
	is scalar(keys %out), scalar @commands, 'all of them were run';
	like $out{'make install'}, qr{/etc/init\.d/pyked start},
	    'installing says what is next';
	like $out{"/etc/init.d/pyked $_"}, qr/^200\n[2-9]\d*\n\z/m,
	    "after $_ it serves" for qw(start reload);
	like $out{'curl http://127.0.0.1:8080/'}, qr/<title>pyked/,
	    'the first page comes';
	like $out{'/etc/init.d/pyked stop'}, qr/^0\n\z/m,
	    'after stop no process is left';
	is_deeply [sort grep { m{^/} } split /\n/, $out{'make uninstall'}],
	    [map { "/var/log/pyked/$_.log" } qw(access error)],
	    'uninstalling leaves the logs alone';
	diag $r->{out}, $r->{err} unless Test::More->builder->is_passing;
};

done_testing;
