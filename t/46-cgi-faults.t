#!/usr/bin/perl
# What can be wrong with a script: for each fault the client gets the status
# that fits, and the error log names the cause and the cure.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Pyked;

my $root = $> == 0;
my $perl = "#!/usr/bin/perl\n\$| = 1;\n";
my $text = 'print "Content-Type: text/plain\n\n";';
my %scripts = (
	ok => $perl . $text . 'print "ok\n";',
	'no-shebang' => "echo hello\n",
	empty => '',
	interpreter => "#!/nonexistent/perl -w\nprint 1;\n",
	crlf => "#!/bin/sh\r\necho x\r\n",
	'no-header' => $perl . 'print "<h1>hello</h1>\n" x 3;',
	'bad-line' => $perl . 'print "Content-Type: text/plain\n'
	    . 'this is no field\n\nx"',
	garbage => $perl . 'print "\x80\xffmarker\0" x 500;',
	'too-large' => $perl . 'print "X-$_: ", "x" x 100, "\n" for 1 .. 1e5',
	'too-many' => $perl . 'print "Status: 200\n";'
	    . 'print "X-$_: x\n" for 1 .. 200; print "\n"',
	'no-blank' => $perl . 'print "Content-Type: text/plain\n"',
	nothing => $perl,
	exits => $perl . 'print STDERR "no database\n"; exit 3;',
	'exits-silent' => $perl . 'exit 4;',
	'exits-late' => $perl . 'print "Content-Type: text/plain\n"; exit 5;',
	killed => $perl . 'kill SEGV => $$; sleep 9;',
	'killed-hard' => $perl . 'kill KILL => $$; sleep 9;',
	'killed-late' => $perl . $text . 'print "x"; kill SEGV => $$; sleep 9;',
	closes => $perl . 'close STDOUT; sleep 60;',
	hangs => $perl . 'sleep 60;',
	stops => $perl . 'kill STOP => $$; sleep 60;',
	computes => $perl . '1 while 1;',
	silent => $perl . $text . 'print "some\n"; sleep 60;',
	drips => $perl . $text . 'while (1) { print "x\n";'
	    . 'select undef, undef, undef, 0.05 }',
	spins => $perl . 'open my $f, "<", "/dev/null"; 1 while 1;',
	hog => $perl . 'my @x; push @x, "x" x 1e6 while 1;',
	writes => $perl . 'open F, ">", "$ENV{NOTES}/big"; $x = "x" x 65536;'
	    . 'syswrite F, $x for 1 .. 99;',
	flood => $perl . 'print STDERR "line $_ of many\n" for 1 .. 200000;'
	    . $text . 'print "done\n"; exit 1;',
	fails => $perl . 'print STDERR "line $_\n" for 1 .. 20; exit 1',
	id => $perl . $text . 'print $ENV{REQUEST_ID};'
	    . 'print STDERR "marked\n"; exit 1;',
	'sub/inner' => $perl . $text,
);
my $notes = temporary(0777);
# Python opens its script by a whole path, so the workers' user has to come
# there; and so it is with interpreters.
my $open = temporary(0755);
mkdir "$open/cgi";
spew("$open/cgi/hog", "#!/usr/bin/python3\nx = []\nwhile True: "
    . "x.append(bytearray(1000000))\n", 0755);
$scripts{'no-program'} = '#!' . spew("$open/no-program", "x\n", 0755) . "\n";
$scripts{forbidden} = '#!' . spew("$open/forbidden", "x\n", 0644) . "\n";

my $s = Pyked->prepare(scripts => \%scripts, files => {
	'index.html' => "home\n" });
spew("$s->{cgi}/plain", $scripts{ok}, 0644);
spew("$s->{cgi}/private", $scripts{ok}, 0700);
symlink '/bin/sh', "$s->{cgi}/link";
$s->write_conf(servers => <<"END");
server {
	listen 127.0.0.1:0
	root \@SITE\@
	location /cgi/ {
		cgi dir \@CGI\@/
	}
	location /quick/ {
		cgi dir \@CGI\@/
		cgi-limits {
			timeout 600ms 2s
			kill 50ms 100ms
		}
	}
	location /small/ {
		cgi dir \@CGI\@/
		env NOTES $notes
		cgi-limits {
			memory 48m
			cpu 1s
			fsize 1m
		}
	}
	location /python/ {
		cgi dir $open/cgi/
		cgi-limits {
			memory 48m
		}
	}
	location /always/ {
		cgi dir \@CGI\@/
		cgi-limits {
			stderr always
		}
	}
	location /never/ {
		cgi dir \@CGI\@/
		cgi-limits {
			stderr off
		}
	}
}
END
$s->allow(qr/ script \//);
$s->up;

sub fault {
	my ($target, $status, $log, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	$s->set_mark;
	my $r = $s->get($target);
	is $r->{status}, $status, "$name: $status";
	ok $s->wait_log($log), 'and the log says why' or diag $s->new_log;
	return $r;
}

# The processes of the workers, dead or alive.
sub children {
	my $all = processes();
	my %worker = map { $_ => 1 } $s->workers;

	return grep { $worker{$all->{$_}{ppid}} } keys %$all;
}

subtest 'it cannot be run' => sub {
	fault('/cgi/plain', 500, qr{error .* script /cgi/plain: cannot be run: }
	    . qr{\Q$s->{cgi}\E/plain is not executable: .*chmod \+x},
	    'not executable');
	fault('/cgi/no-shebang', 500, qr{/no-shebang is no program and has no }
	    . qr{#! line: begin it with}, 'no #! line');
	fault('/cgi/empty', 500, qr{\Q$s->{cgi}\E/empty is empty}, 'empty');
	fault('/cgi/interpreter', 500, qr{names the interpreter }
	    . qr{/nonexistent/perl, which does not exist: install it},
	    'interpreter missing');
	fault('/cgi/forbidden', 500, qr{names the interpreter \S+/forbidden, }
	    . qr{which the workers' user may not run: chmod 755},
	    'interpreter that may not be run');
	fault('/cgi/no-program', 500, qr{names the interpreter }
	    . qr{\S+/no-program, which is no program}, 'nor can be');
	fault('/cgi/crlf', 500, qr{#! line of \S+/crlf ends in CR LF.*}
	    . qr{/bin/sh\\r.*sed}, 'CR LF in line 1');
	fault('/cgi/link', 403, qr{a link leads out of the folder \Q$s->{cgi}},
	    'a link to elsewhere');
	eventually { !children() } 5, 'no process is left of any';
};

subtest 'it may not be run by the user' => sub {
	plan skip_all => 'only as root is there another user' unless $root;
	fault('/cgi/private', 500, qr{workers' user may not run }
	    . qr{\Q$s->{cgi}\E/private \(its mode is 0700\).*chmod 755},
	    'not for that user');
	chmod 0700, "$s->{cgi}/sub";
	fault('/cgi/sub/inner', 500, qr{user may not enter the folder }
	    . qr{\Q$s->{cgi}\E/sub: mend it with chmod 755},
	    'directory not searchable');
	chmod 0755, "$s->{cgi}/sub";
};

# Whatever is there when it is looked at is run, or nothing is.
subtest 'it is replaced while it starts' => sub {
	my $file = "$s->{cgi}/changing";
	my @texts = ($scripts{ok}, "echo shell\n", "#!/nonexistent/x\n", '');
	my $pid = background(sub {
		for (my $i = 0; 1; $i++) {
			spew("$file.new", $texts[$i % 4], 0755);
			$i % 3 ? rename "$file.new", $file : unlink $file;
		}
	});
	my %seen;

	for (1 .. 300) {
		my $r = $s->get('/cgi/changing');
		$seen{"$r->{status}"}++;
		fail("$r->{status}: $r->{body}") if $r->{status} eq '200'
		    ? $r->{body} ne "ok\n" : $r->{status} !~ /^(?:404|50[02])$/
		    || $r->{body} =~ /^shell/m;
	}
	kill KILL => $pid;
	finish($pid);
	ok $seen{500} && $seen{404}, 'it was: ' . join ', ',
	    map { "$seen{$_} times $_" } sort keys %seen;
};

sub eventually_logged {
	my ($pattern) = @_;

	return wait_until { $s->log =~ $pattern };
}

# A program in C; what is wrong with it is done to its bytes.
my $source = spew("$notes/one.c", '#include <stdio.h>' . "\n"
    . 'int main(void) { puts("Content-Type: text/plain\n\nC"); return 0; }');
my $built = run('cc', '-o', "$notes/one", $source)->{status} eq '0';

subtest 'programs' => sub {
	plan skip_all => 'no compiler here' unless $built;
	my $program = slurp("$notes/one");
	spew("$s->{cgi}/good", $program, 0755);
	is $s->get('/cgi/good')->{body}, "C\n", 'a good one';
	# The machine is at 18; 0xF7 is BPF, which no kernel runs.
	my $other = $program;
	substr $other, 18, 2, pack 'v', 0xf7;
	spew("$s->{cgi}/other", $other, 0755);
	fault('/cgi/other', 500, qr{/other is a program for another machine, }
	    . qr{this machine is \S+: compile it here}, 'wrong architecture');
	substr $other, 18, 2, pack 'v', unpack('v', substr $program, 18, 2)
	    == 183 ? 62 : 183;
	spew("$s->{cgi}/arm", $other, 0755);
	fault('/cgi/arm', 500, qr{a program for (aarch64|x86-64), this},
	    'wrong architecture, by name');
	(my $lost = $program) =~ s{/lib64/ld-}{/lib64/xx-}
	    or return note 'the loader has another name here';
	spew("$s->{cgi}/lost", $lost, 0755);
	fault('/cgi/lost', 500, qr{the loader that \S+/lost needs is not }
	    . qr{there}, 'no loader');
	open my $busy, '+<', "$s->{cgi}/good" or die;
	fault('/cgi/good', 500, qr{/good is open for writing}, 'text busy');
	close $busy;
	is $s->get('/cgi/good')->{status}, 200, 'and it runs again';
};

subtest 'mounted noexec' => sub {
	my $mount = "$s->{cgi}/noexec";

	mkdir $mount;
	plan skip_all => 'nothing can be mounted here' unless $root &&
	    run('mount', '-t', 'tmpfs', '-o', 'noexec,mode=0755', 'none',
	    $mount)->{status} eq '0';
	spew("$mount/x", $scripts{ok}, 0755);
	fault('/cgi/noexec/x', 500, qr{/noexec/x is on a file system that is }
	    . qr{mounted noexec: move it}, 'noexec');
	run('umount', $mount);
};

subtest 'it gives no answer' => sub {
	my @bad = (fault('/cgi/no-header', 502, qr{no header: its output }
	    . qr{begins with "<h1>hello</h1>": print "Content-Type},
	    'no header'),
	    fault('/cgi/bad-line', 502, qr{bad header: a line without a }
	    . qr{colon: "this is no field": a line of it is},
	    'bad header line'),
	    fault('/cgi/garbage', 502, qr{no header: its output begins with }
	    . qr{"\\x80\\xffmarker}, 'garbage'));
	unlike $_->{head} . $_->{body}, qr{hello|no field|marker},
	    'nothing of it is sent' for @bad;
	fault('/cgi/too-large', 502, qr{bad header: longer than 16384 bytes: }
	    . qr{is the empty line behind it missing}, 'header too large');
	fault('/cgi/too-many', 502, qr{bad header: more than 100 fields},
	    'too many fields');
	fault('/cgi/no-blank', 502, qr{it ended before its blank line: print },
	    'no blank line');
	fault('/cgi/nothing', 502, qr{it ended without any output: print a },
	    'empty output');
	fault('/cgi/exits', 502, qr{exits: exit status 3, before its header }
	    . qr{was complete: it said why.*error .*exits: no database}s,
	    'exit before the header');
	fault('/cgi/exits-silent', 502, qr{exit status 4, before its header.*}
	    . qr{pyked cgi}, 'without a word');
	fault('/cgi/exits-late', 502, qr{exit status 5, before}, 'in it');
	fault('/cgi/killed', 502, qr{killed by signal 11 \(Segm.* before its},
	    'killed by a signal');
	fault('/cgi/killed-hard', 502, qr{signal 9 .*was the machine out of m},
	    'killed by another');
	fault('/cgi/closes', 502, qr{it ended without any output}, 'closes');
	my $r = fault('/cgi/killed-late', 200, qr{killed by signal 11}, 'late');
	is $r->{body}, 'x', 'what it said was sent';
	is scalar(() = $s->new_log =~ /signal 11/g), 1, 'it is said once';
};

subtest 'it is too slow' => sub {
	fault('/quick/hangs', 504, qr{no header within 600 ms \(timeout in }
	    . qr{cgi-limits\): it waits}, 'timeout');
	fault('/quick/stops', 504, qr{it is stopped \(SIGSTOP\)}, 'stopped');
	fault('/quick/computes', 504, qr{it computes}, 'computes');
	my $r = fault('/quick/silent', 200, qr{wrote nothing more for 600 ms},
	    'silent in the body');
	ok !$r->{complete}, 'the client sees it';
	$r = fault('/quick/drips', 200, qr{not done within 2000 ms}, 'never done');
	ok !$r->{complete}, 'the client sees it';
};

subtest 'it wants too much' => sub {
	fault('/small/hog', 502, qr{it ran out of memory, of which it may have }
	    . qr{48 MiB \(memory in cgi-limits\)}, 'memory');
	SKIP: {
		skip 'no python here', 1 unless -x '/usr/bin/python3';
		fault('/python/hog', 502, qr{it ran out of memory},
		    'memory of python');
	}
	fault('/small/spins', 502, qr{killed at its limit of 1 s of processor },
	    'processor time');
	fault('/small/writes', 502, qr{limit of 1048576 bytes a file \(fsize},
	    'a large file');
	is -s "$notes/big", 1 << 20, 'which is no larger';
};

subtest 'standard error' => sub {
	my $r = fault('/cgi/flood', 200, qr{script /cgi/flood: line 200000 of},
	    'a flood');
	like $s->new_log, qr{flood: \d{7} bytes dropped of what}, 'is counted';
	my @lines = $s->new_log =~ /error .*flood: (line \d+ of many)$/mg;
	my $kept = length join "\n", @lines, '';
	cmp_ok $kept, '<=', 16384, 'its last 16 KiB';
	cmp_ok $kept, '>', 16300, 'are there';
	$r = fault('/cgi/id', 200, qr{id: marked}, 'an id');
	like $s->new_log, qr{\[\Q$r->{body}\E\] script /cgi/id: marked$}m,
	    'is in every line';
	fault('/always/flood', 200, qr{warn .*: line 1 of many}, 'always');
	unlike $s->new_log, qr{line 200000 }, 'is the first 16 KiB';
	$s->set_mark;
	$s->get('/never/fails');
	$s->get('/cgi/ok');
	unlike $s->new_log, qr{line 1\b}, 'off';
};

subtest 'there is a limit to it' => sub {
	$s->set_mark;
	$s->get('/cgi/fails') for 1 .. 120;
	# It may have been said before, of the flood.
	ok eventually_logged(qr{too many lines here: more than 100 a second}),
	    'said';
	cmp_ok scalar(() = $s->new_log =~ /\n/g), '<', 2000, 'and kept';
	# Each one takes 21 lines, so they must not come faster than those.
	my $left = wait_until { select undef, undef, undef, 0.5;
	    $s->get('/cgi/fails');
	    $s->new_log =~ /(\d+) lines about scripts were left out/ and $1 } 20;
	cmp_ok $left // 0, '>', 500, 'how many it were is said later';
};

is $s->get('/cgi/ok')->{body}, "ok\n", 'scripts run';
$s->stop;
done_testing;
