import type { ServerResponse } from "node:http";

/** Markup that is safe to send: text that came in as a value was escaped. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

/** Writes markup; every value that is not itself `Html` is escaped, so it may also stand in a quoted attribute. */
export function html(literals: TemplateStringsArray, ...values: (string | Html | Html[])[]): Html {
  const pieces = literals.map((literal, index) => literal + toMarkup(values[index] ?? ""));
  return new Html(pieces.join(""));
}

function toMarkup(value: string | Html | Html[]): string {
  if (value instanceof Html) return value.markup;
  if (Array.isArray(value)) return value.map((part) => part.markup).join("");
  return value.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/**
 * A page with a full head and the local stack's common look. Nothing on it is fetched from elsewhere or runs; its forms
 * may lead, by a redirect, to the origins in `formTargets`.
 */
export function sendPage(
  response: ServerResponse,
  status: number,
  page: { title: string; body: Html; formTargets?: readonly string[] },
): void {
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${page.title}</title>
        <link rel="icon" href="data:," />
        <style>
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        ${page.body}
      </body>
    </html> `;
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": contentPolicy(page.formTargets ?? []),
    "cache-control": "no-store",
  });
  response.end(document.markup);
}

function contentPolicy(formTargets: readonly string[]): string {
  return [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    "img-src data: http://127.0.0.1:* http://localhost:*",
    ["form-action 'self'", ...formTargets].join(" "),
    "base-uri 'self'",
  ].join("; ");
}

/** A moment as the person at this machine would say it, with the exact one for programs. */
export function renderTime(iso: string): Html {
  const spoken = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
  return html`<time datetime="${iso}">${spoken.format(new Date(iso))}</time>`;
}

const STYLE = `
:root {
  --ground: light-dark(#f5f6f8, #14171c); --surface: light-dark(#fff, #1d2229);
  --ink: light-dark(#1b2430, #e8ecf1); --quiet: light-dark(#566273, #a3afbe);
  --line: light-dark(#dde2e9, #313944); --accent: light-dark(#0b5fae, #7bbcff);
  --alarm: light-dark(#b3261e, #ff9a91); --wash: light-dark(#eef4fb, #222c38);
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
header, main { max-width: 62rem; margin: 0 auto; padding: 0 1.25rem; }
header { display: flex; flex-wrap: wrap; gap: .75rem 1.5rem; align-items: end; padding-block: 2.5rem 1.25rem; }
header > div { flex: 1 1 18rem; }
main { padding-bottom: 4rem; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { margin: 2rem 0 .6rem; font-size: 1rem; }
p { margin: .25rem 0; }
.quiet, time { color: var(--quiet); }
a { color: var(--accent); overflow-wrap: anywhere; }
a:focus-visible, button:focus-visible, input:focus-visible, summary:focus-visible, iframe:focus-visible {
  outline: 3px solid var(--accent); outline-offset: 2px;
}
form { display: flex; gap: .5rem; align-items: end; }
label { display: grid; gap: .2rem; font-size: .85rem; color: var(--quiet); }
input, button { font: inherit; font-size: 1rem; color: var(--ink); background: var(--surface); border: 1px solid var(--line);
  border-radius: .5rem; padding: .4rem .7rem; }
input { width: 16rem; max-width: 100%; border-color: var(--quiet); }
button { cursor: pointer; border-color: var(--quiet); }
.card, ul.rows, pre, iframe { background: var(--surface); border: 1px solid var(--line); border-radius: .75rem; }
ul.rows { list-style: none; margin: 0; padding: 0; overflow: hidden; }
ul.rows > li + li { border-top: 1px solid var(--line); }
.row { display: grid; grid-template-columns: 1fr auto; gap: .1rem 1rem; padding: .8rem 1.1rem; color: inherit;
  text-decoration: none; }
.row > * { min-width: 0; overflow-wrap: anywhere; }
.row time { font-size: .85rem; font-variant-numeric: tabular-nums; }
.row .wide { grid-column: 1 / -1; }
a.row:hover { background: var(--wash); }
a.row:focus-visible { outline-offset: -3px; }
a.row strong { color: var(--accent); }
.clipped { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.card { padding: 1rem 1.1rem; }
.empty { padding: 3.5rem 1.5rem; text-align: center; }
.empty h2 { margin-top: 0; font-size: 1.1rem; }
.empty p { max-width: 34rem; margin-inline: auto; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.2rem; margin: 0; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
pre { margin: 0; padding: 1rem 1.1rem; white-space: pre-wrap; overflow-wrap: anywhere;
  font: .92rem/1.6 ui-monospace, monospace; }
iframe { display: block; width: 100%; height: 28rem; resize: vertical; background: #fff; color-scheme: light; }
.tag { display: inline-block; margin: .2rem .3rem 0 0; padding: 0 .5rem; border-radius: 1rem; font-size: .8rem;
  background: var(--wash); border: 1px solid var(--line); color: var(--ink); }
.tag.alarm { color: var(--alarm); border-color: currentColor; background: none; font-weight: 600; }
@media (max-width: 34rem) { .row { grid-template-columns: 1fr; } dl { grid-template-columns: 1fr; } dd { margin-bottom: .4rem; } }
`;
