/** The style of the documentation page: one file, no asset, light and dark, phone and laptop. */
export const docsStyle = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#ffffff, #14171c);
  --raised: light-dark(#f5f7fa, #1c2128);
  --line: light-dark(#d8dee6, #323a45);
  --ink: light-dark(#1a2129, #e6eaf0);
  --faint: light-dark(#566270, #9aa7b6);
  --accent: light-dark(#0b5cad, #7ab8ff);
  --get: light-dark(#0f6b3f, #6fd39b);
  --post: light-dark(#0b5cad, #7ab8ff);
  --change: light-dark(#8a5200, #f0b65a);
  --remove: light-dark(#b3261e, #ff9a92);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--paper); color: var(--ink); }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
code, pre, textarea, .path { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .875em; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 1rem; top: 1rem; padding: .5rem 1rem; background: var(--raised); z-index: 2; }
.layout { display: grid; grid-template-columns: 19rem minmax(0, 1fr); max-width: 82rem; margin: 0 auto; }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem 1rem 2rem 1.5rem; border-right: 1px solid var(--line); }
nav h2 { margin: 1.25rem 0 .25rem; font-size: .75rem; text-transform: uppercase; letter-spacing: .06em; color: var(--faint); }
nav ul { list-style: none; margin: 0; padding: 0; }
nav a { display: flex; gap: .5rem; align-items: baseline; padding: .2rem .4rem; border-radius: 6px; color: inherit; text-decoration: none; overflow-wrap: anywhere; }
nav a:hover { background: var(--raised); }
nav > details > summary { display: none; }
main { padding: 2rem 2.5rem 6rem; min-width: 0; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { margin: 2.5rem 0 .5rem; font-size: 1.35rem; }
h3 { margin: 1.25rem 0 .35rem; font-size: .95rem; }
main h2::first-letter { text-transform: uppercase; }
.lead { color: var(--faint); margin: 0 0 1.5rem; max-width: 46rem; }
.method { flex: none; font-weight: 700; font-size: .72rem; letter-spacing: .03em; }
.get { color: var(--get); } .post { color: var(--post); } .put, .patch { color: var(--change); } .delete { color: var(--remove); }
nav .method { width: 3.2rem; }
.operation { border: 1px solid var(--line); border-radius: 10px; margin: .6rem 0; background: var(--paper); }
.operation > summary { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: baseline; padding: .7rem 1rem; cursor: pointer; border-radius: 10px; list-style: none; }
.operation > summary::-webkit-details-marker { display: none; }
.operation > summary:hover, .operation[open] > summary { background: var(--raised); }
.operation > summary .method { width: 3.6rem; }
.operation > summary .path { font-weight: 600; overflow-wrap: anywhere; }
.operation > summary .summary { color: var(--faint); margin-left: auto; text-align: right; }
.operation .body { padding: .25rem 1rem 1rem; border-top: 1px solid var(--line); }
.security { color: var(--faint); margin: .75rem 0 0; }
.security::before { content: "\\1F512\\FE0E  "; }
.fields, .responses { list-style: none; margin: 0; padding: 0; }
.fields .fields { margin: .25rem 0 .25rem .35rem; padding-left: .9rem; border-left: 2px solid var(--line); }
.fields li { padding: .3rem 0; }
.name { font-weight: 600; }
.type, .constraints { color: var(--faint); font-size: .875rem; overflow-wrap: anywhere; }
.required { color: var(--remove); font-size: .8rem; margin-left: .25rem; }
.about, .constraints { display: block; font-size: .9rem; }
.responses > li { padding: .35rem 0; }
.responses details { margin: .25rem 0 .25rem 1rem; }
.responses summary, .try summary { cursor: pointer; color: var(--accent); }
.status { font-weight: 700; margin-right: .35rem; }
.s2 { color: var(--get); } .s3 { color: var(--post); } .s4 { color: var(--change); } .s5 { color: var(--remove); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
.try, .session, .filter { display: none; }
.scripted .try { display: grid; gap: .35rem; margin-top: 1.25rem; padding: .25rem 1rem 1rem; border-radius: 8px; background: var(--raised); }
.scripted .session { display: block; margin: 1.5rem 0; padding: 1rem; border-radius: 8px; background: var(--raised); }
.scripted .filter { display: block; }
.session label { display: block; margin: .5rem 0 .2rem; }
label { font-size: .9rem; font-weight: 600; }
label .type { font-weight: 400; }
input, textarea { width: 100%; padding: .5rem .6rem; border: 1px solid var(--faint); border-radius: 6px; background: var(--paper); color: inherit; font-size: 1rem; }
input { font-family: inherit; }
textarea { resize: vertical; font-size: .875rem; }
button { justify-self: start; margin-top: .5rem; padding: .55rem 1.4rem; border: 0; border-radius: 6px; background: var(--accent); color: var(--paper); font: inherit; font-weight: 600; cursor: pointer; }
button[disabled] { opacity: .6; cursor: progress; }
.answer:empty { display: none; }
.answer pre { margin: .35rem 0 0; padding: .75rem; max-height: 26rem; overflow: auto; border-radius: 6px; border: 1px solid var(--line); background: var(--paper); white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 60rem) {
  .layout { display: block; }
  nav { position: static; height: auto; padding: 1rem; border-right: 0; border-bottom: 1px solid var(--line); }
  nav > details > summary { display: list-item; cursor: pointer; font-weight: 600; padding: .25rem 0; }
  nav a { padding: .5rem .4rem; }
  main { padding: 1.25rem 1rem 4rem; }
  .operation > summary .summary { margin-left: 0; text-align: left; width: 100%; }
}
`.trim();
