# Pyked: starts servers for the system tests and looks after them.
#
#	use Pyked;
#	my $s = Pyked->start(files => { 'index.html' => "hello\n" });
#	is $s->get('/')->{status}, 200, 'the first page';
#	$s->stop;
#	done_testing;
#
# A server gets a folder of its own that only its starter may enter (mode
# 0700, on purpose: a site in such a folder must work), a configuration written
# from the arguments, and port 0. start() returns once the error log says
# "ready"; nothing here ever sleeps for a guess, it polls with a deadline.
# When a test fails the server's logs are shown; whatever happens, END kills
# every process that was started here.
#
# start(...) takes
#	servers  the server blocks; by default one on 127.0.0.1:0 for the site,
#		 with https when there is tls and /cgi/ when there are scripts
#	top      further directives for the top level
#	workers  how many (1)
#	log      the log block's content; files in the folder by default
#	files    { name => content } for the site
#	scripts  { name => content } for the folder of scripts
#	tls      true: makes a certificate for localhost
#	user     starts the server as this user, when the test runs as root
#	wrap     a command line to put before the program (valgrind ...)
# In texts @DIR@ stands for the server's folder, @SITE@ for its site, @CGI@
# for its scripts, @CERT@ and @KEY@ for the certificate.
package Pyked;

use strict;
use warnings;
use Cwd ();
use Exporter 'import';
use File::Basename ();
use File::Path ();
use File::Temp ();
use IO::Socket::INET ();
use POSIX ();
use Test::More ();
use Time::HiRes qw(time sleep);

use Pyked::Http;

our @EXPORT = qw(wait_until eventually run curl s_client slow_s_client take
    is_stalled certificate background finish scaled slurp spew temporary client
    field processes is_alive raise_descriptors free_port);

my $top = Cwd::abs_path(File::Basename::dirname(__FILE__) . '/../..');
my $program = Cwd::abs_path($ENV{PYKED} // "$top/pyked") // "$top/pyked";
my $owner = $$;
my (@servers, %children);

$SIG{PIPE} = 'IGNORE';
$SIG{INT} = $SIG{TERM} = $SIG{HUP} = sub { exit 1 };

sub top { $top }
sub program { $program }

sub slurp {
	my ($file) = @_;

	open my $f, '<:raw', $file or return '';
	local $/;
	return <$f> // '';
}

sub spew {
	my ($file, $text, $mode) = @_;

	File::Path::make_path(File::Basename::dirname($file));
	open my $f, '>:raw', $file or die "$file: $!";
	print $f $text;
	close $f or die "$file: $!";
	chmod $mode, $file if defined $mode;
	return $file;
}

# A folder that is gone with the test: for this user alone, or of a mode.
sub temporary {
	my ($mode) = @_;
	my $dir = File::Temp::tempdir('pyked-test-XXXXXX', TMPDIR => 1,
	    CLEANUP => 1);

	!defined $mode or chmod $mode, $dir or die "$dir: $!";
	return $dir;
}

# Sanitizers make everything slower; so does valgrind.
sub is_sanitized {
	our $sanitized //= slurp($program) =~ /__asan_init/ ? 1 : 0;
	return $sanitized;
}

our $slowness = $ENV{PYKED_SLOW} || (is_sanitized() ? 5 : 1);

# A deadline of so many seconds, on this build.
sub scaled { $_[0] * $slowness }

# Asks the block again and again until it says true or the time is up.
sub wait_until (&;$) {
	my ($block, $seconds) = @_;
	my $end = time + scaled($seconds // 5);
	my $pause = 0.002;

	while (1) {
		my $value = $block->();
		return $value if $value;
		return $value if time > $end;
		sleep $pause;
		$pause *= 1.5 if $pause < 0.02;
	}
}

# The same as a test with a name.
sub eventually (&$$) {
	my ($block, $seconds, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	return Test::More::ok(&wait_until($block, $seconds), $name);
}

# --- other programs ---

# Runs a command: ->{out}, ->{err}, ->{status} ('timeout' when it took too
# long). A first argument { in => TEXT, timeout => SECONDS } is optional.
sub run {
	my %o = ref $_[0] ? %{ shift() } : ();
	my @command = @_;
	my ($in, $out, $err) = map { nameless() } 1 .. 3;

	print $in $o{in} // '';
	$in->flush;
	seek $in, 0, 0;
	my $pid = background(sub {
		open STDIN, '<&', $in or POSIX::_exit(127);
		open STDOUT, '>&', $out or POSIX::_exit(127);
		open STDERR, '>&', $err or POSIX::_exit(127);
		exec { $command[0] } @command or POSIX::_exit(127);
	});
	my $status = finish($pid, $o{timeout} // 30);
	return { out => rewound($out), err => rewound($err),
	    status => $status };
}

# A file that nobody has to remove, and what was written to it.
sub nameless {
	open my $f, '+>:raw', undef or die "a file: $!";
	return $f;
}

sub rewound {
	my ($f) = @_;

	seek $f, 0, 0;
	local $/;
	return <$f> // '';
}

# curl, with what every call needs: ->{out} is what it printed.
sub curl {
	return run('curl', '-sS', '--noproxy', '*', '--max-time', scaled(20),
	    @_);
}

# openssl s_client on a port with text to send; it stays until the server
# closes. ->{out} has what came.
sub s_client {
	my ($port, $text, @options) = @_;

	return run({ in => $text, timeout => 20 }, 'openssl', 's_client',
	    '-connect', "127.0.0.1:$port", '-quiet', '-ign_eof',
	    @options);
}

# The same in the background: (process, pipe). It reads on only as long as the
# pipe has room.
sub slow_s_client {
	my ($port, $text) = @_;
	my $in = nameless();

	print $in $text;
	$in->flush;
	seek $in, 0, 0;
	pipe my $read, my $write or die "pipe: $!";
	my $pid = background(sub {
		open STDIN, '<&', $in;
		open STDOUT, '>&', $write;
		open STDERR, '>', '/dev/null';
		exec qw(openssl s_client -quiet -ign_eof -connect),
		    "127.0.0.1:$port";
	});
	close $write;
	return ($pid, $read);
}

# So many bytes from a pipe, or all until it ends.
sub take {
	my ($pipe, $n) = @_;
	my $bytes = '';

	while (length $bytes < $n) {
		sysread $pipe, $bytes, $n - length $bytes, length $bytes
		    or last;
	}
	return $bytes;
}

# Has a process written nothing for a while, to anyone?
sub is_stalled {
	my ($pid) = @_;
	my $written = sub { slurp("/proc/$pid/io") =~ /^wchar: (\d+)/m; $1 };
	my $before = $written->();

	select undef, undef, undef, 0.2;
	return $written->() == $before;
}

# A self-signed certificate: certificate(FOLDER, NAME) gives (cert, key).
sub certificate {
	my ($dir, $name) = @_;
	my ($cert, $key) = ("$dir/$name.pem", "$dir/$name.key");
	my $r = run(qw(openssl req -x509 -newkey ec -pkeyopt
	    ec_paramgen_curve:prime256v1 -nodes -days 2 -subj), "/CN=$name",
	    '-addext', "subjectAltName=DNS:$name,IP:127.0.0.1",
	    '-keyout', $key, '-out', $cert);

	die "openssl: $r->{err}" if $r->{status};
	chmod 0600, $key;
	return ($cert, $key);
}

# --- processes ---

# Runs code in a child that is killed at the end at the latest.
sub background {
	my ($code) = @_;
	my $pid = fork // die "fork: $!";

	if ($pid == 0) {
		@SIG{qw(INT TERM HUP)} = ('DEFAULT') x 3;
		eval { $code->(); 1 } or print STDERR "# $@";
		POSIX::_exit($@ ? 1 : 0);
	}
	$children{$pid} = 1;
	return $pid;
}

# Waits for such a child: its exit status, 'signal N' or 'timeout' (killed).
sub finish {
	my ($pid, $seconds) = @_;
	my $done = wait_until { waitpid($pid, POSIX::WNOHANG()) == $pid }
	    $seconds // 30;
	my $status = $?;

	delete $children{$pid};
	if (!$done) {
		kill KILL => $pid;
		waitpid $pid, 0;
		return 'timeout';
	}
	return 'signal ' . ($status & 127) if $status & 127;
	return $status >> 8;
}

# All processes as { pid => { ppid, state, comm } }.
sub processes {
	my %all;

	for my $file (glob '/proc/[0-9]*/stat') {
		my ($pid, $comm, $state, $ppid) = slurp($file) =~
		    /^(\d+) \((.*)\) (\S) (\d+)/s or next;
		$all{$pid} = { ppid => $ppid, state => $state, comm => $comm };
	}
	return \%all;
}

# Bytes that are a process's own: of files and of shared memory it may just now
# be the only one that has a page mapped, so those do not count.
sub private_memory {
	my ($pid) = @_;
	my ($shared, $sum) = (0, 0);

	for (split /\n/, slurp("/proc/$pid/smaps")) {
		$shared = $1 eq 's' if /^[0-9a-f]+-[0-9a-f]+ ...(.)/;
		$sum += $1 * 1024 if !$shared && /^Private_Dirty:\s+(\d+) kB/;
	}
	return $sum;
}

sub is_alive {
	my ($pid) = @_;

	return slurp("/proc/$pid/stat") =~ /^\d+ \(.*\) [^ZX]/s;
}

sub descendants {
	my ($root) = @_;
	my $all = processes();
	my @found;
	my @queue = ($root);

	while (defined(my $parent = shift @queue)) {
		my @children = grep { $all->{$_}{ppid} == $parent } keys %$all;
		push @found, @children;
		push @queue, @children;
	}
	return @found;
}

# Raises this process's limit of descriptors; true when it is at least n then.
sub raise_descriptors {
	my ($n) = @_;
	my ($soft, $hard) = slurp('/proc/self/limits') =~
	    /^Max open files\s+(\S+)\s+(\S+)/m;

	return 1 if $soft eq 'unlimited' || $soft >= $n;
	return 0 if $hard ne 'unlimited' && $hard < $n;
	run('prlimit', '--pid', $$, "--nofile=$n:$hard");
	return 1;
}

# A port that was free a moment ago, for what has to know it beforehand.
sub free_port {
	my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1,
	    ReuseAddr => 1) or die "no free port: $!\n";

	return $s->sockport;
}

# --- a server ---

sub start {
	return prepare(@_)->up;
}

# Starts what was prepared and waits until it is ready.
sub up {
	my ($s) = @_;

	$s->launch->wait_ready(1) and return $s;
	$s->show_logs;
	die "pyked did not get ready\n";
}

# Everything but starting the program.
sub prepare {
	my ($class, %o) = @_;
	my $dir = temporary();
	my $s = bless { dir => $dir, site => "$dir/site", cgi => "$dir/cgi",
	    error_log => "$dir/error.log", access_log => "$dir/access.log",
	    conf => "$dir/pyked.conf", output => "$dir/output",
	    allowed => [], mark => 0, %o }, $class;

	mkdir "$dir/$_" for qw(site cgi);
	@$s{qw(cert key)} = certificate($dir, 'localhost') if $o{tls};
	$s->put_file($_, $o{files}{$_}) for keys %{ $o{files} // {} };
	spew("$dir/cgi/$_", $o{scripts}{$_}, 0755)
	    for keys %{ $o{scripts} // {} };
	$s->write_conf;
	run('chown', '-R', $o{user}, $dir) if $o{user};
	push @servers, $s;
	return $s;
}

sub put_file {
	my ($s, $name, $content) = @_;

	return spew("$s->{site}/$name", $content);
}

sub default_server {
	my ($s) = @_;
	my $tls = $s->{tls} ? <<'EOF_TLS' : '';
	listen 127.0.0.1:0 tls
	certificate @CERT@ @KEY@
EOF_TLS
	my $cgi = $s->{scripts} ? <<'EOF_CGI' : '';
	location /cgi/ {
		cgi dir @CGI@
	}
EOF_CGI

	return "server {\n\tlisten 127.0.0.1:0\n${tls}\troot \@SITE\@\n$cgi}\n";
}

# Writes the configuration; new values replace those that start() was given.
sub write_conf {
	my ($s, %o) = @_;

	$s->{$_} = $o{$_} for keys %o;
	my $servers = $s->{servers} // $s->default_server;
	my $log = $s->{log} // <<'EOF_LOG';
	access @DIR@/access.log combined
	error @DIR@/error.log info
EOF_LOG
	my $cache = $ENV{PYKED_FILE_CACHE};
	my $text = "pidfile \@DIR\@/pyked.pid\n"
	    . 'workers ' . ($s->{workers} // 1) . "\n"
	    . "log {\n$log}\n" . ($s->{top} // '') . "\n" . $servers;

	# Behind all, so that the lines keep their numbers; a test that sets it
	# knows why.
	$text .= "\nfile-cache $cache\n"
	    if defined $cache && $text !~ /^file-cache\b/m;
	spew($s->{conf}, $s->expand($text));
}

sub expand {
	my ($s, $text) = @_;
	my %value = (DIR => $s->{dir}, SITE => $s->{site}, CGI => $s->{cgi},
	    CERT => $s->{cert}, KEY => $s->{key});

	$text =~ s/\@([A-Z]+)\@/$value{$1} \/\/ die "\@$1\@: not there"/ge;
	return $text;
}

# Starts the program, in a session of its own and without a terminal.
sub launch {
	my ($s) = @_;
	my @command = (@{ $s->{wrap} // [] }, $s->command, '-f', '-c',
	    $s->{conf});

	if ($s->{user}) {
		my $group = getgrgid((getpwnam $s->{user})[3]);
		unshift @command, 'setpriv', '--reuid', $s->{user}, '--regid',
		    $group, '--clear-groups';
	}
	my $pid = background(sub {
		POSIX::setsid();
		chdir $s->{dir};
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', $s->{output};
		open STDERR, '>&', \*STDOUT;
		exec { $command[0] } @command or POSIX::_exit(127);
	});
	delete $children{$pid};
	@$s{qw(pid status)} = ($pid, undef);
	return $s;
}

# The program; a copy of it where another user has to reach it.
sub command {
	my ($s) = @_;

	return $program unless $s->{user};
	run('cp', $program, "$s->{dir}/pyked");
	return "$s->{dir}/pyked";
}

# Waits for a generation to be ready, and learns the ports.
sub wait_ready {
	my ($s, $generation) = @_;

	my $ready = wait_until {
		$s->log =~ /ready: generation $generation\b/ || !$s->running
	} 10;
	return 0 unless $ready && $s->running;
	my %seen;
	my $log = $s->log;
	$s->{ports} = {};
	while ($log =~ m{listening on (https?)://\S*:(\d+)/}g) {
		push @{ $s->{ports}{$1} }, $2 unless $seen{$2}++;
	}
	return 1;
}

# The first port for http (or 'https'), or all of them.
sub ports { @{ $_[0]{ports}{ $_[1] // 'http' } // [] } }
sub port { ($_[0]->ports($_[1]))[0] }
sub url { ($_[2] // 'http') . '://127.0.0.1:' . $_[0]->port($_[2]) . $_[1] }

sub running {
	my ($s) = @_;

	return 0 if !$s->{pid} || defined $s->{status};
	return 1 if waitpid($s->{pid}, POSIX::WNOHANG()) != $s->{pid};
	$s->{status} = $? & 127 ? 'signal ' . ($? & 127) : $? >> 8;
	return 0;
}

# The master's children: its workers, and what it adopted.
sub workers {
	my ($s) = @_;
	my $all = processes();
	my @workers = sort { $a <=> $b } grep {
		$all->{$_}{ppid} == $s->{pid} && $all->{$_}{state} ne 'Z'
	} keys %$all;

	return @workers;
}

sub signal { kill $_[1], $_[0]{pid} }
sub log { slurp($_[0]{error_log}) }
sub output { slurp($_[0]{output}) }
sub access { split /^/m, slurp($_[0]{access_log}) }

# From here on wait_log looks only at what is new.
sub set_mark { $_[0]{mark} = -s $_[0]{error_log} // 0 }
sub new_log { substr $_[0]->log, $_[0]{mark} }

sub wait_log {
	my ($s, $pattern, $seconds) = @_;

	return wait_until { $s->new_log =~ $pattern } $seconds;
}

# The access log, once it has n lines and has stopped growing past them.
sub wait_access {
	my ($s, $n, $seconds) = @_;

	wait_until { $s->access >= $n } $seconds;
	return $s->access;
}

# Lines of the error log that are meant to be there.
sub allow { push @{ $_[0]{allowed} }, $_[1] }

# What no log may hold: errors that were not expected, asserts, sanitizers.
sub complaints {
	my ($s) = @_;
	my @bad = grep {
		/^\S+Z error / || /Assertion|Sanitizer|runtime error:/
		    || /^==\d+==.*ERROR/
	} split /^/m, $s->log . $s->output;

	for my $pattern (@{ $s->{allowed} }) {
		@bad = grep { $_ !~ $pattern } @bad;
	}
	return @bad;
}

# Ends the server and checks that all was well with it.
sub stop {
	my ($s, $signal, $seconds) = @_;
	my @all = descendants($s->{pid});

	kill $signal // 'TERM', $s->{pid};
	my $done = wait_until { !$s->running } $seconds // 10;
	Test::More::ok($done && $s->{status} eq '0', 'the server ended well')
	    or Test::More::diag('status: ' . ($s->{status} // 'still there'));
	eventually { !grep { is_alive($_) } @all } 2,
	    'no process of it is left';
	my @bad = $s->complaints;
	Test::More::is(join('', @bad), '', 'nothing bad in its logs');
	$s->show_logs unless Test::More->builder->is_passing;
	$s->destroy;
}

# Kills whatever is left of it.
sub destroy {
	my ($s) = @_;

	return if $s->{gone}++ || !$s->{pid};
	my @all = descendants($s->{pid});
	if ($s->running) {
		kill KILL => $s->{pid};
		waitpid $s->{pid}, 0;
	}
	kill KILL => grep { is_alive($_) } @all;
}

sub show_logs {
	my ($s) = @_;

	return if $s->{shown}++;
	for my $file (@$s{qw(output error_log)}) {
		my @lines = split /^/m, slurp($file);
		splice @lines, 0, @lines - 60 if @lines > 60;
		Test::More::diag("--- $file\n", @lines) if @lines;
	}
}

# --- requests ---

# A connection of our own to a port (the first http one).
sub client {
	my ($port, %o) = @_;

	$port = $port->port if ref $port;
	return Pyked::Http->new($port, timeout => scaled(10), %o);
}

# What an answer's field of this name says, or undef.
sub field { Pyked::Http::field(@_) }

# One request of raw bytes on a connection of its own.
sub request {
	my ($s, $bytes, %o) = @_;

	my $c = client($s, %o) or return { status => "no connection: $!" };
	return $c->send($bytes)->response(%o);
}

# GET, and any other method, in a well-formed request that ends the connection.
sub get { my $s = shift; return $s->ask(GET => @_) }
sub head { my $s = shift; return $s->ask(HEAD => @_) }

sub post {
	my ($s, $target, $body, @fields) = @_;

	return $s->request(Pyked::Http::bytes(POST => $target,
	    'Content-Length' => length $body, Connection => 'close', @fields)
	    . $body);
}

sub ask {
	my ($s, $method, $target, @fields) = @_;

	return $s->request(Pyked::Http::bytes($method, $target,
	    Connection => 'close', @fields), head => $method eq 'HEAD');
}

END {
	my $status = $?;

	if ($$ == $owner) {
		my @all = map { ($_, descendants($_)) } keys %children;
		kill KILL => @all;
		waitpid $_, 0 for keys %children;
		for my $s (@servers) {
			next if $s->{gone};
			$s->show_logs if $status
			    || !Test::More->builder->is_passing;
			$s->destroy;
		}
	}
	$? = $status;
}

1;
