#!/bin/sh
# env.sh: shows what a CGI program is told about its request (RFC 3875).

escape() {
	sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e 's/>/\&gt;/g' \
	    -e 's/"/\&quot;/g'
}

cat <<'END'
Content-Type: text/html; charset=utf-8

<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>The environment of a script</title>
</head>
<body>
<h1>The environment of a script</h1>
<pre>
END
env | LC_ALL=C sort | escape
cat <<'END'
</pre>
</body>
</html>
END
