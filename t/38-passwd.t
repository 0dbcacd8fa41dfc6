#!/usr/bin/perl
# "pyked passwd": entries that let their users in, in files that keep all else.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use MIME::Base64 qw(encode_base64);
use POSIX ();
use Test::More;

use Pyked;

my $pyked = Pyked::program();
my $dir = temporary();
my $file = "$dir/users";

sub passwd {
	my ($in, @arguments) = @_;

	return run({ in => $in }, $pyked, 'passwd', @arguments);
}

sub mode { sprintf '%04o', (stat $_[0])[2] & 07777 }

subtest 'a new file' => sub {
	my $r = passwd("secret\n", $file, 'ann');

	is $r->{status}, 0, 'made' or diag $r->{err};
	is $r->{out}, "$file: ann was added\n", 'and said so';
	is mode($file), '0640', 'its mode';
	like slurp($file), qr{\Aann:\$y\$j9T\$[./\w]+\$[./\w]{43}\n\z},
	    'yescrypt';
	is passwd('no newline', $file, 'J. "Bob"')->{status}, 0,
	    'a blank in a name, no newline in the pipe';
	is passwd("\xc3\xa4:\xe2\x82\xac\r\n", $file, 'eve')->{status}, 0,
	    'UTF-8 and a colon in a password';
};

subtest 'they come in' => sub {
	my $s = Pyked->start(files => { x => "x\n" },
	    servers => "server {\n\tlisten 127.0.0.1:0\n\troot \@SITE\@\n"
	    . "\tauth Staff $file\n}\n");
	my %good = (ann => 'secret', 'J. "Bob"' => 'no newline',
	    eve => "\xc3\xa4:\xe2\x82\xac");

	for my $user (sort keys %good) {
		is $s->get('/x', Authorization => 'Basic '
		    . encode_base64("$user:$good{$user}", ''))->{status}, 200,
		    $user;
	}
	$s->stop;
};

subtest 'a change' => sub {
	my $before = slurp($file);
	my ($ann, $bob, $eve) = split /^/m, $before;

	spew($file, "# staff\n\n$ann# broken: next\nbroken\n$bob${ann}last:x",
	    0604);
	my $inode = (stat $file)[1];
	my $r = passwd("other\n", $file, 'ann');
	is $r->{out}, "$file: ann has a new password\n", 'said';
	my ($new) = slurp($file) =~ /^(ann:\$y\$\S+\n)/m;
	isnt $new, $ann, '... and so it is';
	is slurp($file), "# staff\n\n$new# broken: next\nbroken\n${bob}last:x\n",
	    'no other line is, but the double is gone';
	is mode($file), '0604', 'the mode stays';
	isnt((stat $file)[1], $inode, 'replaced as a whole');
	is join(' ', sort map { s{.*/}{}r } glob "$dir/*"), 'users',
	    'nothing else is left';
	symlink $file, "$dir/link" or die $!;
	is passwd("again\n", "$dir/link", 'zoe')->{status}, 0, 'by a link';
	ok -l "$dir/link" && slurp($file) =~ /^zoe:/m, '... that stays';
	unlink "$dir/link";
	SKIP: {
		skip 'only root may give files away', 1 if $>;
		chown 1, 2, $file or die $!;
		passwd("again\n", $file, 'ann');
		is join(' ', (stat $file)[4, 5]), '1 2', 'the owner stays';
		chown 0, 0, $file;
	}
};

subtest 'many at once' => sub {
	my @all = map { my $i = $_; background(sub {
		POSIX::_exit(passwd("secret\n", "$dir/many", "user$i")
		    ->{status});
	}) } 1 .. 8;

	is join(' ', map { finish($_) } @all), '0 0 0 0 0 0 0 0', 'all fine';
	is scalar(() = slurp("$dir/many") =~ /^user\d:/mg), 8,
	    'nobody is lost';
};

subtest 'refused' => sub {
	my $before = slurp($file);
	my %why = (
	    'the password is empty' => ["\n", $file, 'ann'],
	    'longer than 255 bytes' => ['x' x 256, $file, 'ann'],
	    'a control character' => ["a\tb\n", $file, 'ann'],
	    'a user has a name' => ["secret\n", $file, 'a:b'],
	    'No such file or directory' =>
		["secret\n", "$dir/none/users", 'ann'],
	    'Is a directory' => ["secret\n", $dir, 'ann']);

	for my $why (sort keys %why) {
		my $r = passwd(@{ $why{$why} });
		is $r->{status}, 1, $why;
		like $r->{err}, qr/^pyked: .*\Q$why\E/, '... and says so';
	}
	is slurp($file), $before, 'nothing was changed';
	is passwd('')->{status}, 2, 'without anything';
	is passwd('', $file)->{status}, 2, 'without a user';
	is passwd('', $file, 'ann', 'x')->{status}, 2, 'with too much';
	is passwd('x' x 255, $file, 'ann')->{status}, 0, '255 bytes';
};

# A terminal: its two ends, by Linux's own means. undef when there is none.
sub open_terminal {
	my ($unlock, $number) = (pack('i', 0), pack('i', 0));

	open my $ours, '+<', '/dev/ptmx' or return;
	ioctl $ours, 0x40045431, $unlock or return;	# TIOCSPTLCK
	ioctl $ours, 0x80045430, $number or return;	# TIOCGPTN
	return $ours, '/dev/pts/' . unpack 'i', $number;
}

# Runs the program there and types each line when something is asked. All that
# was shown, and the status.
sub on_terminal {
	my ($ours, $theirs, @lines) = @_;
	my $shown = '';
	my $pid = background(sub {
		close $ours;
		POSIX::setsid();
		open STDIN, '+<', $theirs or die "$theirs: $!";
		ioctl STDIN, 0x540e, 0;				# TIOCSCTTY
		open STDOUT, '>&', \*STDIN;
		open STDERR, '>&', \*STDIN;
		exec $pyked, 'passwd', $file, 'tty';
	});

	for my $line (@lines, undef) {
		my $end = time + scaled(10);
		until ($shown =~ /: \z/ && defined $line) {
			my $want = '';
			vec($want, fileno $ours, 1) = 1;
			last if time > $end
			    || !select $want, undef, undef, scaled(10);
			# EIO: the other end is closed.
			last unless sysread $ours, $shown, 4096, length $shown;
		}
		syswrite $ours, "$line\n" if defined $line;
		$shown .= '>' if defined $line;
	}
	return $shown, finish($pid);
}

subtest 'on a terminal' => sub {
	my @ends = open_terminal();

	plan skip_all => "no terminal: $!" unless @ends;
	my ($shown, $status) = on_terminal(@ends, 'hidden1', 'hidden1');
	is $status, 0, 'fine';
	like $shown, qr/^New password: >\s*The same again: >/,
	    'it asks twice and shows nothing';
	like slurp($file), qr/^tty:/m, '... and takes it';
	my $before = slurp($file);
	($shown, $status) = on_terminal(open_terminal(), 'hidden1',
	    'hidden2');
	is $status, 1, 'they differ';
	like $shown, qr/two different ones/, '... which is said';
	is slurp($file), $before, '... and changes nothing';
};
done_testing;
