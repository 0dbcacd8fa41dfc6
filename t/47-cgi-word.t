#!/usr/bin/perl
# "pyked cgi URL": a script, run without a server, with all that a worker would
# give it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Pyked;

my $perl = "#!/usr/bin/perl\n\$| = 1;\n";
my $s = Pyked->prepare(scripts => {
	env => "#!/bin/sh\nprintf 'Content-Type: text/plain\\nX-Own: x\\n\\n'\n"
	    . "env | sort\npwd\nid -un\numask\nulimit -t\nulimit -n\n",
	fails => $perl . 'print STDERR "cannot\n"; exit 7;',
	posted => $perl . 'print "Content-Type: a/b\n\n"; print <STDIN>;',
	big => $perl . 'print "Content-Type: a/b\n\n", "x" x 1e6;',
	hangs => "#!/bin/sh\nsleep 60\n",
	away => $perl . 'print "Location: /index.html\n\n";',
	'nph-own' => $perl . 'print "HTTP/1.1 200 Fine\r\nX-A: b\r\n\r\nown"',
	holds => "#!/bin/sh\necho Content-Type: a/b\necho\nsleep 600 &\n",
	'no-program' => "echo hello\n",
}, files => { 'index.html' => "home\n", 'app/index.php' => '' });
# Found by its path, so the workers' user has to come there.
my $open = temporary(0755);
my $interpreter = spew("$open/with", $perl
    . 'print "Content-Type: a/b\n\n$ENV{SCRIPT_FILENAME}";', 0755);
$s->write_conf(servers => <<"END");
server example.org {
	listen 127.0.0.1:0
	root \@SITE\@
	index index.php index.html
	location /cgi/ {
		cgi dir \@CGI\@/
		env APP_ENV test
		cgi-limits {
			cpu 7s
		}
	}
	location /quick/ {
		cgi dir \@CGI\@/
		cgi-limits {
			timeout 200ms 1s
			kill 50ms 100ms
		}
	}
	location *.php {
		cgi with $interpreter
	}
}
END

sub try {
	my (@arguments) = @_;

	return run(Pyked::program(), '-c', $s->{conf}, 'cgi', @arguments);
}

sub leaves_nothing {
	my ($name) = @_;

	is scalar(grep { slurp("/proc/$_/environ") =~
	    /(?:^|\0)SCRIPT_FILENAME=\Q$s->{dir}\E/ }
	    keys %{ processes() }), 0, $name;
}

my $r = try('http://example.org/cgi/env/info?q=1');
my ($environment) = $r->{out} =~ /^environment\n((?: {4}.*\n)*)/m;
my %given = $environment =~ /^ {4}(\w+)=(.*)$/mg;
my ($body) = $r->{out} =~ /^body +\d+ bytes\n(.*)^stderr/ms;
my %seen = $body =~ /^(\w+)=(.*)$/mg;
is $r->{status}, 0, 'a script runs' or diag $r->{err};
like $r->{out}, qr/^script +\Q$s->{cgi}\E\/env$/m, 'it is named';
is $given{$_}, $seen{$_}, "$_ is shown as the script has it"
    for grep { $_ ne 'PWD' && $_ ne 'SHLVL' && $_ ne '_' && $_ ne 'OLDPWD' }
    sort keys %seen;
is "$given{SERVER_NAME} $given{QUERY_STRING} $given{PATH_INFO}",
    'example.org q=1 /info', 'as the address says';
is $given{APP_ENV}, 'test', 'and the configuration';
like $body, qr{^\Q$s->{cgi}\E$}m, 'its folder';
my $user = $> == 0 ? 'www-data' : getpwuid $>;
like $r->{out}, qr/^user +\Q$user\E \(/m, 'the user is shown';
like $body, qr/^\Q$user\E$/m, 'and is that';
like $body, qr/^0?077\n7\n256$/m, 'mask and limits';
like $r->{out}, qr/^header\n    Status: 200 OK\n.*    X-Own: x\n/ms, 'header';
like $r->{out}, qr/^exit +status 0$/m, 'exit';
like $r->{out}, qr/^time +\d+\.\d+ s, CPU \d\.\d+ s$/m, 'time';
like $r->{out}, qr/^memory +(?:less than )?[1-9]\d+ KiB$/m, 'memory';

$r = try('/cgi/posted', '-d', 'a=b&c=d');
like $r->{out}, qr/^body +7 bytes\na=b&c=d$/m, 'a body is posted';
like $r->{out}, qr/REQUEST_METHOD=POST/, 'with POST';

$r = try('/cgi/fails');
is $r->{status}, 1, 'one that fails';
like $r->{out}, qr/^stderr +7 bytes\ncannot\nexit +status 7$/m, 'is shown';
like $r->{out}, qr/Status: 502/, 'as a client would see it';
like $r->{err}, qr/exit status 7, before its header/, 'and explained';

$r = try('/cgi/no-program');
is $r->{status}, 1, 'no program';
like $r->{err}, qr/has no #! line/, 'is explained';

$r = try('/cgi/big');
like $r->{out}, qr/^body +1000000 bytes\n.*^\.\.\. and \d+ more$/ms, 'much';

$r = try('/quick/hangs');
is $r->{status}, 1, 'one that hangs is ended';
like $r->{err}, qr/no header within 200 ms.*it waits/, 'and it is said';
leaves_nothing('with what it started');
like try('/cgi/holds')->{out}, qr/^exit +status 0$/m, 'what it leaves behind';
leaves_nothing('is ended');
like try('/cgi/away')->{out}, qr/^body +5 bytes\nhome$/m, 'a local redirect';
like try('/cgi/nph-own')->{out}, qr/^HTTP\/1\.1 200 Fine\r?$/m, 'nph';
like try('/app/')->{out}, qr{^body .*\n\Q$s->{site}\E/app/index\.php$}m,
    'an index that is a script';

is try('/index.html')->{status}, 2, 'no script';
is try('/cgi/nothing')->{status}, 0, 'none of that name';
is try()->{status}, 2, 'no address';
is try('/cgi/env', '-d')->{status}, 2, '-d without a body';
is try('/cgi/env', 'x')->{status}, 2, 'too much';
is run(Pyked::program(), '-c', "$s->{dir}/none", 'cgi', '/')->{status}, 78,
    'no configuration';
done_testing;
