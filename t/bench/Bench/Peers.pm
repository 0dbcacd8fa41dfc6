# Bench::Peers: the servers that are measured, each at its best.
#
# A peer is an entry in %peers: the text of its configuration for a folder,
# its ports and a number of workers, the command that runs it in the foreground,
# and the one that says its version. Every one writes an access log, as servers
# do, buffered where it can; sends files with sendfile(), keeps them open where
# it has a cache for that, and has room for the connections of every scenario.
# TLS is 1.3 with one ECDSA certificate for all.
package Bench::Peers;

use strict;
use warnings;
use POSIX ();

use Pyked;

my $top = Pyked::top();
my %peers = (
	pyked => { conf => \&conf_pyked, scripts => 1,
	    command => sub { ("$top/pyked", '-f', '-c', $_[0]) },
	    version => ["$top/pyked", '-V'] },
	nginx => { conf => \&conf_nginx,
	    command => sub { ('nginx', '-e', 'stderr', '-c', $_[0]) },
	    version => [qw(nginx -v)] },
	lighttpd => { conf => \&conf_lighttpd, scripts => 1,
	    command => sub { ('lighttpd', '-D', '-f', $_[0]) },
	    version => [qw(lighttpd -v)] },
	h2o => { conf => \&conf_h2o,
	    command => sub { ('h2o', '-m', 'worker', '-c', $_[0]) },
	    version => [qw(h2o -v)] },
	apache => { conf => \&conf_apache,
	    command => sub { ('apache2', '-D', 'FOREGROUND', '-f', $_[0]) },
	    version => [qw(apache2 -v)] },
	# What the kernel alone costs: no TLS, no files, no log.
	floor => { floor => 1, scripts => 1, conf => sub { '' },
	    command => sub { ("$top/build/bench/floor", $_[1]{http}) } },
	# The least that answers with a program.
	'floor-tcp' => { floor => 1, scripts => 1, only => 'cgi',
	    conf => sub { '' }, command => sub {
		("$top/build/bench/floor-cgi", '-l', $_[1]{http},
		$_[0] =~ s{[^/]+$}{site/cgi/line}r) } },
);

sub names { sort keys %peers }
sub is_known { exists $peers{ $_[0] } }

# "nginx 1.22.1"; the name alone when it does not say.
sub version {
	my ($name) = @_;
	my $r = run(@{ $peers{$name}{version} // return $name });

	return "$r->{out}$r->{err}" =~ /(\d+\.\d[\d.]*)/ ? "$name $1" : $name;
}

# Starts a peer with so many workers, by command words in @pin on certain CPUs,
# in a folder: { name, pid, http, https, also, floor, scripts, only }; also is a
# second port for http, which a pyked with several workers has. It is ended with
# the test's processes.
sub start {
	my ($name, $dir, $workers, @pin) = @_;
	my %port = map { $_ => free_port() } qw(http https also);
	my $conf = spew("$dir/$name.conf",
	    $peers{$name}{conf}->($dir, \%port, $workers));
	my @command = (@pin, $peers{$name}{command}->($conf, \%port));

	my $pid = background(sub {
		POSIX::setsid();
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', "$dir/$name.out";
		open STDERR, '>&', \*STDOUT;
		exec { $command[0] } @command or POSIX::_exit(127);
	});
	my $up = wait_until {
		my $c = client($port{http}) or return 0;
		$c->close;
		1;
	} 10;
	die "bench: $name does not start:\n" . slurp("$dir/$name.out")
	    unless $up;
	return { name => $name, pid => $pid, %port,
	    floor => $peers{$name}{floor},
	    scripts => $peers{$name}{scripts},
	    only => $peers{$name}{only} };
}

sub conf_pyked {
	my ($dir, $port, $workers) = @_;
	my $also = $workers > 1 ? "\tlisten 127.0.0.1:$port->{also}\n" : '';

	return <<"END";
workers $workers
pidfile $dir/pyked.pid
log {
	access $dir/pyked-access.log combined
	error $dir/pyked-error.log info
}
limits {
	connections 18000
	keepalive 75s 1000000
}
server {
	listen 127.0.0.1:$port->{http}
$also	listen 127.0.0.1:$port->{https} tls
	certificate $dir/localhost.pem $dir/localhost.key
	root $dir/site
	location /cgi/ {
		cgi on
	}
}
END
}

sub conf_nginx {
	my ($dir, $port, $workers) = @_;

	return <<"END";
daemon off;
worker_processes $workers;
worker_rlimit_nofile 16384;
pid $dir/nginx.pid;
error_log $dir/nginx-error.log warn;
events { worker_connections 12000; }
http {
	default_type text/plain;
	types { text/html html; }
	access_log $dir/nginx-access.log combined buffer=64k flush=1s;
	client_body_temp_path $dir/nginx-body;
	proxy_temp_path $dir/nginx-proxy;
	fastcgi_temp_path $dir/nginx-fastcgi;
	uwsgi_temp_path $dir/nginx-uwsgi;
	scgi_temp_path $dir/nginx-scgi;
	sendfile on;
	tcp_nopush on;
	open_file_cache max=20000 inactive=60s;
	open_file_cache_valid 60s;
	keepalive_requests 1000000;
	keepalive_timeout 75;
	ssl_certificate $dir/localhost.pem;
	ssl_certificate_key $dir/localhost.key;
	ssl_protocols TLSv1.2 TLSv1.3;
	server {
		listen 127.0.0.1:$port->{http} backlog=4096 deferred;
		listen 127.0.0.1:$port->{https} ssl backlog=4096 deferred;
		root $dir/site;
	}
}
END
}

sub conf_lighttpd {
	my ($dir, $port, $workers) = @_;

	return <<"END";
server.modules = ("mod_openssl", "mod_accesslog", "mod_cgi")
server.bind = "127.0.0.1"
server.port = $port->{http}
server.document-root = "$dir/site"
server.errorlog = "$dir/lighttpd-error.log"
accesslog.filename = "$dir/lighttpd-access.log"
mimetype.assign = (".html" => "text/html", ".bin" =>
    "application/octet-stream")
server.max-worker = @{[$workers > 1 ? $workers : 0]}
server.max-keep-alive-requests = 1000000
server.max-keep-alive-idle = 75
server.max-connections = 12000
server.max-fds = 16384
server.listen-backlog = 4096
server.defer-accept = 1
ssl.pemfile = "$dir/localhost.pem"
ssl.privkey = "$dir/localhost.key"
\$HTTP["url"] =~ "^/cgi/" { cgi.assign = ("" => "") }
\$SERVER["socket"] == "127.0.0.1:$port->{https}" { ssl.engine = "enable" }
END
}

sub conf_h2o {
	my ($dir, $port, $workers) = @_;

	my $user = $> == 0 ? "user: root\n" : '';

	return $user . <<"END";
num-threads: $workers
max-connections: 12000
pid-file: $dir/h2o.pid
error-log: $dir/h2o-error.log
access-log:
  path: $dir/h2o-access.log
http1-request-timeout: 75
listen:
  host: 127.0.0.1
  port: $port->{http}
listen:
  host: 127.0.0.1
  port: $port->{https}
  ssl:
    certificate-file: $dir/localhost.pem
    key-file: $dir/localhost.key
    minimum-version: TLSv1.2
hosts:
  default:
    paths:
      /:
        file.dir: $dir/site
END
}

sub conf_apache {
	my ($dir, $port, $workers) = @_;
	my $modules = '/usr/lib/apache2/modules';
	my $user = $> == 0 ? "User www-data\nGroup www-data\n" : '';

	return <<"END";
ServerRoot "$dir"
ServerName localhost
PidFile $dir/apache.pid
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule mime_module $modules/mod_mime.so
LoadModule dir_module $modules/mod_dir.so
LoadModule ssl_module $modules/mod_ssl.so
${user}Listen 127.0.0.1:$port->{http}
Listen 127.0.0.1:$port->{https}
StartServers $workers
ServerLimit $workers
ThreadsPerChild 128
ThreadLimit 128
MaxRequestWorkers @{[128 * $workers]}
AsyncRequestWorkerFactor 200
MaxConnectionsPerChild 0
KeepAlive On
KeepAliveTimeout 75
MaxKeepAliveRequests 0
ListenBacklog 4096
EnableSendfile On
TypesConfig /etc/mime.types
ErrorLog $dir/apache-error.log
LogFormat "%h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\"" c
BufferedLogs On
CustomLog $dir/apache-access.log c
DocumentRoot "$dir/site"
<Directory "$dir/site">
	AllowOverride None
	Require all granted
</Directory>
SSLProtocol TLSv1.2 TLSv1.3
<VirtualHost 127.0.0.1:$port->{https}>
	SSLEngine on
	SSLCertificateFile $dir/localhost.pem
	SSLCertificateKeyFile $dir/localhost.key
</VirtualHost>
END
}

1;
