// Ticks off on the first page what works. The page is complete without it.
'use strict';

function say(id, works, text) {
	const card = document.getElementById(id);

	card.classList.add(works ? 'works' : 'off');
	card.querySelector('em').textContent = text;
}

// How we came here works; the other way has pyked's usual ports.
function sayProtocols() {
	const secure = location.protocol === 'https:';
	const here = secure ? 'https' : 'http';
	const other = secure ? 'http' : 'https';
	const ports = { '8080': ':8443', '8443': ':8080', '': '' };
	const port = ports[location.port];

	document.getElementById(here).href = location.href;
	say(here, true, 'works: you are here');
	if (port !== undefined)
		document.getElementById(other).href =
		    other + '://' + location.hostname + port +
		    location.pathname;
}

// A script answers with a page; a server that knows of no scripts sends the
// program itself, or nothing.
function judge(id, answer) {
	const type = answer.headers.get('Content-Type') || '';

	if (answer.ok && type.startsWith('text/html'))
		say(id, true, 'works');
	else if (answer.ok || answer.status === 404)
		say(id, false, 'not set up here');
	else
		say(id, false, 'answers ' + answer.status +
		    ': the error log says why');
}

function tryScript(id) {
	const url = document.getElementById(id).href;

	fetch(url, { cache: 'no-store' }).then(
	    (answer) => judge(id, answer),
	    () => say(id, false, 'does not answer'));
}

if (location.protocol.startsWith('http')) {
	sayProtocols();
	['hello', 'env', 'form'].forEach(tryScript);
}
