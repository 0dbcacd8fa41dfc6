/*
 * style: what the pages look like that pyked itself makes, light and dark,
 * narrow and wide.
 */
#ifndef WORKER_SERVE_STYLE_H
#define WORKER_SERVE_STYLE_H

/* CSS for a <style> element: colours, type, headings and links. It names no
 * other resource. www/style.css says the same for the first page. */
extern const char page_style[];

#endif
