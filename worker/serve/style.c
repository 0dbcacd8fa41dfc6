/*
 * The style that error pages and listings share.
 */
#include "worker/serve/style.h"

const char page_style[] =
    ":root{color-scheme:light dark;--ground:#f7f6f2;--card:#fff;--ink:#1c2522;"
    "--soft:#5b6863;--line:#dedbd2;--accent:#0f6b57;--tint:#e4f1ec}"
    "@media(prefers-color-scheme:dark){:root{--ground:#131917;--card:#1a2220;"
    "--ink:#e6ece9;--soft:#9aa8a2;--line:#2c3633;--accent:#5fd0b1;"
    "--tint:#1d332c}}"
    "*{box-sizing:border-box}"
    "body{max-width:50rem;margin:0 auto;"
    "padding:clamp(1.25rem,5vw,4rem) clamp(1rem,5vw,2rem);"
    "background:var(--ground);color:var(--ink);"
    "font:1.0625rem/1.6 system-ui,-apple-system,\"Segoe UI\",sans-serif}"
    "h1{margin:0;font-size:clamp(1.6rem,6vw,2.25rem);line-height:1.15;"
    "letter-spacing:-.02em;overflow-wrap:anywhere}"
    "p{margin:.9rem 0}"
    "a{color:var(--accent);text-underline-offset:.2em}"
    "a:focus-visible{outline:3px solid var(--accent);outline-offset:3px;"
    "border-radius:.25rem}";
