#!/usr/bin/perl
# Certificates of clients: who comes in, what scripts are told, and what neither
# another name nor an old session gets around.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use POSIX qw(strftime);
use Test::More;
use Time::HiRes qw(time);

use Pyked;

my @versions = ('-tls1_2', '-tls1_3');
my $dir = temporary();

sub openssl {
	my $r = run('openssl', @_);

	die "openssl @_: $r->{err}" if $r->{status};
}

# --- authorities and what they sign ---

sub new_key {
	my ($name, $subject) = @_;

	openssl(qw(req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes
	    -utf8 -keyout), "$dir/$name.key", '-out', "$dir/$name.csr",
	    '-subj', $subject // "/CN=$name");
}

sub authority {
	my ($name) = @_;

	new_key($name);
	openssl(qw(x509 -req -days 2 -extfile), ca_conf($name), qw(-extensions
	    authority -signkey), "$dir/$name.key", '-in', "$dir/$name.csr",
	    '-out', "$dir/$name.pem");
}

sub ca_conf {
	my ($name) = @_;

	spew("$dir/$name.index", '') if !-e "$dir/$name.index";
	return spew("$dir/$name.conf", <<"END");
[ ca ]
default_ca = this
[ this ]
database = $dir/$name.index
new_certs_dir = $dir
certificate = $dir/$name.pem
private_key = $dir/$name.key
default_md = sha256
policy = any
unique_subject = no
rand_serial = yes
[ any ]
commonName = supplied
organizationName = optional
countryName = optional
[ authority ]
basicConstraints = critical,CA:TRUE
[ client ]
extendedKeyUsage = clientAuth
[ server ]
extendedKeyUsage = serverAuth
END
}

# A certificate by that authority, good from and until so many seconds from now.
sub certify {
	my ($name, $by, %o) = @_;
	my @span = map { strftime('%Y%m%d%H%M%SZ', gmtime(time + $_)) }
	    $o{from} // -3600, $o{until} // 3600;

	new_key($name, $o{subject});
	openssl(qw(ca -batch -notext -preserveDN -utf8 -config),
	    ca_conf($by), '-extensions', $o{for} // 'client', '-in',
	    "$dir/$name.csr", '-out', "$dir/$name.pem", '-startdate', $span[0],
	    '-enddate', $span[1]);
}

authority($_) for qw(ca other);
certify('ann', 'ca', subject => "/C=DE/O=M\xc3\xbcller, S\xc3\xb6hne/CN=ann");
certify('old', 'ca', from => -7200, until => -3600);
certify('young', 'ca', from => 3600, until => 7200);
certify('foreign', 'other');
certify('machine', 'ca', for => 'server');
certify('middle', 'ca', for => 'authority');
certify('bob', 'middle');
authority('self');

# --- the server ---

my ($port, $asking_port) = (free_port(), free_port());
my $s = Pyked->prepare(tls => 1, log => <<'END', scripts => {
access @DIR@/access.log json
error @DIR@/error.log info
END
	show => <<'END' });
#!/bin/sh
printf 'Content-Type: text/plain\n\n'
for name in VERIFY S_DN I_DN M_SERIAL V_START V_END; do
	eval "printf '%s=%s\n' $name \"\${SSL_CLIENT_$name-unset}\""
done
env | grep '^HTTP_SSL_CLIENT'
printf '%s' "${SSL_CLIENT_CERT-unset}" | sed 's/^/pem /'
exit 0
END

sub configure {
	my ($ca) = @_;
	my $site = sub { <<"END" };
server $_[0].example {
	listen 127.0.0.1:$port tls
	certificate \@CERT\@ \@KEY\@
	client-certificate $_[1]
	root \@SITE\@
	location /cgi/ { cgi dir \@CGI\@ }
}
END
	my $plain = <<"END";
server {
	listen 127.0.0.1:0
	listen 127.0.0.1:0 tls
	certificate \@CERT\@ \@KEY\@
	client-certificate required $ca
	location /cgi/ { cgi dir \@CGI\@ }
}
END
	$s->write_conf(servers => $site->('public', 'off')
	    . $site->('required', "required $ca")
	    . $site->('optional', "optional $ca")
	    . $site->('other', "required $dir/other.pem") . $plain
	    . ($site->('first', "required $ca") . $site->('second', 'off'))
	    =~ s/:\Q$port\E tls/:$asking_port tls/gr);
}

configure("$dir/ca.pem");
$s->up;

# One request by openssl: how => New or Reused, status, and what the script
# said. Options: version, cert, chain (a file), sni ('' for none), in, out, field,
# port.
sub visit {
	my ($host, %o) = @_;
	my $sni = $o{sni} // $host;
	my @options = ($sni eq '' ? '-noservername'
	    : ('-servername', "$sni.example"));

	push @options, $o{version} // '-tls1_3';
	push @options, '-cert', "$dir/$o{cert}.pem", '-key', "$dir/$o{cert}.key"
	    if $o{cert};
	push @options, '-cert_chain', "$dir/$o{chain}.pem" if $o{chain};
	push @options, "-sess_$_", "$dir/$o{$_}" for grep { $o{$_} } qw(in out);
	my $r = s_client($o{port} // $port, "GET /cgi/show HTTP/1.0\r\n"
	    . "Host: $host.example\r\n" . ($o{field} // '') . "\r\n",
	    '-msg', '-msgfile', "$dir/messages", @options);
	my $messages = slurp("$dir/messages");
	my $how = $messages =~ /^<<< .*, Certificate$/m ? 'New' : 'Reused';
	my ($status) = $r->{out} =~ m{^HTTP/1\.1 (\d+)}m;
	my %said = $r->{out} =~ /^([A-Z_]+)=(.*)$/mg;
	$said{pem} = join '', $r->{out} =~ /^pem (.*\n?)/mg;

	diag $r->{out}, $r->{err} if !$status;
	return { %said, asked => $messages =~ /CertificateRequest/ ? 1 : 0,
	    how => $how, status => $status, out => $r->{out} };
}

sub result { my $r = visit(@_); return "$r->{status} " . ($r->{VERIFY} // '') }

subtest 'what a script is told' => sub {
	for my $v (@versions) {
		my $r = visit('required', cert => 'ann', version => $v);
		is "$r->{status} $r->{VERIFY}", '200 SUCCESS', $v;
		is $r->{S_DN}, 'CN=ann,O=M\C3\BCller\, S\C3\B6hne,C=DE',
		    'the subject, as in RFC 2253';
		is $r->{I_DN}, 'CN=ca', 'the issuer';
		like $r->{M_SERIAL}, qr/^[0-9A-F]{16,}$/, 'the serial number';
		like $r->{"V_$_"}, qr/^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4} GMT$/,
		    "V_$_" for qw(START END);
		is $r->{pem}, slurp("$dir/ann.pem"), 'all of it';
		$r = visit('optional', version => $v);
		is "$r->{status} $r->{VERIFY} $r->{S_DN} $r->{pem}",
		    '200 NONE unset unset', 'nothing of what is not there'
		    or diag $r->{out};
		$r = visit('public', cert => 'ann', version => $v);
		is "$r->{status} $r->{VERIFY}", '200 unset',
		    'nothing where nobody asks';
	}
	my $r = visit('optional',
	    field => "SSL-Client-Verify: SUCCESS\r\nSSL_CLIENT_S_DN: CN=x\r\n");
	is "$r->{VERIFY} $r->{S_DN}", 'NONE unset', 'fields are not believed';
	is $r->{HTTP_SSL_CLIENT_VERIFY}, 'SUCCESS', '... but handed on';
	is result('required', cert => 'bob', chain => 'middle'),
	    '200 SUCCESS', 'an authority between';
};

my %wrong = (old => 'certificate has expired',
    young => 'certificate is not yet valid',
    foreign => 'unable to verify the first certificate',
    self => 'self-signed certificate',
    machine => 'unsuitable certificate purpose',
    bob => 'unable to verify the first certificate');

subtest 'who comes in' => sub {
	for my $v (@versions) {
		my $r = visit('required', version => $v);
		is $r->{status}, 403, "$v: none";
		like $r->{out}, qr/your browser sent none/, '... says the page';
		like $r->{out}, qr/^Connection: close\r$/m,
		    '... and the next connection may bring one';
		for my $cert (sort keys %wrong) {
			$r = visit('required', cert => $cert, version => $v);
			is $r->{status}, 403, $cert;
			like $r->{out}, qr/not good for this page: $wrong{$cert}\./,
			    '... and why';
			$r = visit('optional', cert => $cert, version => $v);
			is "$r->{status} $r->{VERIFY}",
			    "200 FAILED:$wrong{$cert}", '... as a stranger';
			is join(' ', map { $r->{$_} } qw(S_DN I_DN M_SERIAL
			    V_START V_END pem)), join(' ', ('unset') x 6),
			    '... of whom a script sees nothing';
		}
	}
	spew("$dir/endless.pem", slurp("$dir/middle.pem") x 100);
	for my $v (@versions) {
		my $r = s_client($port, "GET / HTTP/1.0\r\n\r\n", $v,
		    qw(-servername required.example -cert), "$dir/bob.pem",
		    '-key', "$dir/bob.key", '-cert_chain',
		    "$dir/endless.pem");
		unlike $r->{out}, qr/HTTP/, "$v: more than anybody has";
	}
	is $s->get('/cgi/show')->{status}, 403, 'nobody without TLS';
	like $s->get('/cgi/show')->{body}, qr/https alone/, '... and why';
	my @url = ('-k', '-w', '%{http_code}', 'https://127.0.0.1:'
	    . ($s->ports('https'))[1] . '/cgi/show');
	my $r = curl(@url, '--cert', "$dir/ann.pem", '--key', "$dir/ann.key");
	like $r->{out}, qr/^VERIFY=SUCCESS\n.*200\z/s, 'curl';
	$r = curl(@url);
	like $r->{out}, qr/sent none.*403\z/s, '... without one';
};

subtest 'another name than that of the handshake' => sub {
	for my $v (@versions) {
		my @v = (version => $v);
		is result('required', sni => 'public', cert => 'ann', @v),
		    '421 ', "$v: nobody was asked";
		is result('optional', sni => 'public', @v), '421 ',
		    '... which also matters if one may have none';
		is result('required', sni => '', cert => 'ann', @v), '421 ',
		    'no name, and the first server does not ask';
		is result('required', sni => 'other', cert => 'foreign', @v),
		    '421 ', 'other authorities';
		is result('required', sni => 'optional', cert => 'ann', @v),
		    '200 SUCCESS', 'the same authorities';
		is result('required', sni => 'optional', @v), '403 ',
		    '... and none';
		is result('required', sni => 'optional', cert => 'old', @v),
		    '403 ', '... and a wrong one';
		my @first = (port => $asking_port, @v);
		my $r = visit('second', @first);
		is "$r->{status} $r->{asked}", '200 0',
		    'the first server asks, the one that is named does not';
		$r = visit('first', @first, sni => 'second', cert => 'ann');
		is "$r->{status} $r->{asked}", '421 0', '... nor for the first';
		$r = visit('first', @first, sni => '', cert => 'ann');
		is "$r->{status} $r->{asked}", '200 1', 'it asks without a name';
		is result('public', sni => 'required', cert => 'ann', @v),
		    '200 unset', 'one that does not ask';
	}
};

subtest 'sessions' => sub {
	for my $v (@versions) {
		my @v = (version => $v);
		my $how = sub {
			my $r = visit(@_, @v);
			return "$r->{how} $r->{status} " . ($r->{VERIFY} // '');
		};
		my @ann = (cert => 'ann');
		is $how->('required', @ann, out => 'good'), 'New 200 SUCCESS',
		    "$v: a session with a certificate";
		my $r = visit('required', in => 'good', @v);
		is "$r->{how} $r->{VERIFY} $r->{I_DN}", 'Reused SUCCESS CN=ca',
		    '... that it keeps';
		is $r->{pem}, slurp("$dir/ann.pem"), '... all of it';
		is $how->('other', in => 'good'), 'New 403 ',
		    '... but for its own site alone';
		is $how->('optional', in => 'good'), 'New 200 NONE',
		    '... whatever the authorities';
		is $how->('required', sni => 'public', in => 'good'),
		    'New 421 ', '... or the name of the request';
		is $how->('public', out => 'public'), 'New 200 unset',
		    'a session where nobody asks';
		is $how->('required', in => 'public'), 'New 403 ',
		    '... is none where somebody does';
		is $how->('required', @ann, in => 'public'),
		    'New 200 SUCCESS', '... who asks then';
		is $how->('required', out => 'none'), 'New 403 ',
		    'a session without a certificate';
		is $how->('required', @ann, in => 'none'), 'New 200 SUCCESS',
		    '... does not keep from asking again';
		is $how->('optional', out => 'stranger'), 'New 200 NONE',
		    'a stranger\'s session';
		is $how->('optional', in => 'stranger'), 'Reused 200 NONE',
		    '... goes on';
		is $how->('optional', cert => 'old', out => 'bad'),
		    "New 200 FAILED:$wrong{old}", 'a wrong certificate\'s';
		is $how->('optional', @ann, in => 'bad'), 'New 200 SUCCESS',
		    '... does not';
	}
};

subtest 'a certificate that expires' => sub {
	my ($life, $end, @how) = (scaled(2));

	do {
		$life *= 2;
		$end = time + $life;
		certify('brief', 'ca', until => $life);
		@how = map { result('required', cert => 'brief', version => $_,
		    out => "brief$_") } @versions;
		push @how, visit('required', in => 'brief-tls1_2',
		    version => '-tls1_2')->{how};
	} until time < $end - 1 || $life > 60;
	is "@how", '200 SUCCESS 200 SUCCESS Reused', 'it is good';
	wait_until { time > $end + 1 } $life + 5;
	for my $v (@versions) {
		my $r = visit('required', cert => 'brief', in => "brief$v",
		    version => $v);
		is "$r->{how} $r->{status}", 'New 403',
		    "$v: its session ends with it";
		like $r->{out}, qr/has expired/, '... and why';
	}
};

subtest 'the log' => sub {
	my ($good) = grep { /"client_subject"/ } $s->access;
	my ($bad) = grep { /"client_certificate_error"/ } $s->access;

	like $good, qr/,"client_subject":"CN=ann,O=M\\u005cC3\\u005cBCller/,
	    'a subject';
	like $bad, qr/,"client_certificate_error":"[a-z ]+",/,
	    'what was wrong';
};

subtest 'a reload' => sub {
	my $generation = 1;
	my $reload = sub {
		$generation++;
		$s->set_mark;
		$s->signal('HUP');
		ok $s->wait_log(qr/ready: generation $generation\b/, 10),
		    'ready';
	};

	visit('required', cert => 'ann', out => "keep$_", version => $_)
	    for @versions;
	$reload->();
	is visit('required', in => "keep$_", version => $_)->{how}, 'Reused',
	    "$_: nothing changed" for @versions;
	configure("$dir/other.pem");
	$reload->();
	for my $v (@versions) {
		my $r = visit('required', cert => 'ann', in => "keep$v",
		    version => $v);
		is "$r->{how} $r->{status}", 'New 403',
		    "$v: other authorities, other sessions";
		is result('required', cert => 'foreign', version => $v),
		    '200 SUCCESS', '... and certificates';
	}
	configure("$dir/missing.pem");
	$s->allow(qr/missing\.pem|reload refused/);
	$s->set_mark;
	$s->signal('HUP');
	ok $s->wait_log(qr/refused: \d+ mistakes; generation 3 serves on/),
	    'a missing file';
	is result('required', cert => 'foreign'), '200 SUCCESS',
	    '... changes nothing';
};

$s->stop;

subtest 'configurations' => sub {
	my $c = Pyked->prepare(tls => 1);
	my $check = sub {
		my ($option, $line, $listen) = @_;
		$c->write_conf(servers => "server {\n" . ($listen
		    // "listen 127.0.0.1:0 tls\ncertificate \@CERT\@ \@KEY\@\n")
		    . "$line\n}\n");
		my $r = run(Pyked::program(), $option, '-c', $c->{conf});
		return "$r->{status} $r->{out}$r->{err}";
	};
	my $on = 'client-certificate required';
	spew("$c->{dir}/empty.pem", "nothing\n");
	spew("$c->{dir}/damaged.pem", slurp("$dir/ca.pem")
	    . join '', (split /^/m, slurp("$dir/other.pem"))[0 .. 2]);

	like $check->('-t', "$on \@DIR\@/none.pem"), qr{^78\ .*conf:\d+:29:\ cannot
	    \ read\ the\ certificates\ \S+/none\.pem:\ No\ such\ file}x,
	    'no file';
	like $check->('-t', "$on \@DIR\@/empty.pem"), qr{^78\ .*conf:\d+:29:\ there
	    \ is\ no\ certificate\ in\ PEM\ format\ in\ \S+/empty\.pem\n.*\n.*
	    it\ begins\ with\ -----BEGIN\ CERTIFICATE-----}x, 'nothing in it';
	like $check->('-t', "$on \@DIR\@/damaged.pem"),
	    qr/^78 .*:29: the certificates in \S+ are damaged: /, 'damaged';
	like $check->('-t', "$on $dir/ca.pem", "listen 127.0.0.1:0\n"),
	    qr{^78\ .*:29:\ client-certificate,\ but\ no\ listen\ with\ tls\n
	    .*\n.*add\ "listen}x, 'no tls';
	like $check->('-t', 'client-certificate optional'),
	    qr/^78 .*too few values/, 'no file is named';
	like $check->('-t', "client-certificate off $dir/ca.pem"),
	    qr/^78 .*too many values/, 'one that is not asked for';
	for my $mode (qw(optional required)) {
		like $check->('-T', "client-certificate $mode $dir/ca.pem"),
		    qr{^0 .*^    client-certificate $mode $dir/ca\.pem$}ms,
		    "-T: $mode";
	}
	unlike $check->('-T', 'client-certificate off'),
	    qr/client-certificate/, '-T: off is the default';
};

done_testing;
