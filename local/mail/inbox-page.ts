import { type Html, html, renderTime } from "../page.ts";
import { MESSAGES_LISTED_MAX } from "./message-store.ts";
import type { Message } from "./message.ts";

type Page = { title: string; body: Html };

const PREVIEW_CHARACTERS_MAX = 160;
const WEB_ADDRESS = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g;

export function renderInbox(messages: readonly Message[], recipient: string | undefined): Page {
  const title = recipient === undefined ? "Inbox" : `Mail to ${recipient}`;
  const body = html` <header>
      <div>
        <h1>${title}</h1>
        <p class="quiet">${countOf(messages)} What the shop sends stays on this machine.</p>
      </div>
      <form action="/" method="get" role="search">
        <label
          >Recipient
          <input
            type="search"
            name="to"
            value="${recipient ?? ""}"
            placeholder="buyer@example.com"
            autocomplete="off"
        /></label>
        <button>Show</button>
      </form>
    </header>
    <main>${messages.length === 0 ? renderEmpty(recipient) : renderRows(messages)}</main>`;
  return { title: `${title} · Tradewind mail`, body };
}

function countOf(messages: readonly Message[]): string {
  if (messages.length === 0) return "No messages.";
  if (messages.length === 1) return "1 message.";
  if (messages.length === MESSAGES_LISTED_MAX) return `The newest ${MESSAGES_LISTED_MAX} messages.`;
  return `${messages.length} messages, newest first.`;
}

function renderRows(messages: readonly Message[]): Html {
  const rows = messages.map(
    (message) =>
      html` <li>
        <a class="row" href="/messages/${message.id}/view">
          <strong>${message.subject}</strong> ${renderTime(message.created_at)}
          <span class="wide quiet">To ${message.to}</span>
          <span class="wide quiet clipped">${message.text.slice(0, PREVIEW_CHARACTERS_MAX)}</span>
        </a>
      </li>`,
  );
  return html`<ul class="rows">
    ${rows}
  </ul>`;
}

function renderEmpty(recipient: string | undefined): Html {
  if (recipient !== undefined) {
    return html`<div class="card empty">
      <h2>Nothing for ${recipient} yet</h2>
      <p class="quiet">The whole address must match. <a href="/">Show every message</a> instead.</p>
    </div>`;
  }
  return html`<div class="card empty">
    <h2>No mail yet</h2>
    <p class="quiet">
      Every mail that the shop sends appears here: order confirmations, payment and shipping notices, sign-in
      links. Place an order, then reload this page.
    </p>
  </div>`;
}

export function renderMessage(message: Message): Page {
  const links = linksOf(message);
  const body = html` <header>
      <div>
        <p><a href="/">← Inbox</a></p>
        <h1>${message.subject}</h1>
      </div>
    </header>
    <main>
      <dl class="card">
        <dt>From</dt>
        <dd>${message.from}</dd>
        <dt>To</dt>
        <dd>${message.to}</dd>
        <dt>Sent</dt>
        <dd>${renderTime(message.created_at)}</dd>
      </dl>
      ${message.html === null ? "" : renderHtmlPart(message.html)}
      <h2>Plain text</h2>
      <pre>${withLinks(message.text)}</pre>
      ${
        links.length === 0
          ? ""
          : html`<h2>Links</h2>
              <ul>
                ${links.map((link) => html`<li>${anchor(link)}</li>`)}
              </ul>`
      }
    </main>`;
  return { title: `${message.subject} · Tradewind mail`, body };
}

/** The frame may open links in new tabs and nothing else: a mail's scripts and forms stay dead. */
function renderHtmlPart(markup: string): Html {
  const framed = `<base target="_blank">${markup}`;
  return html`<h2>As a mail program shows it</h2>
    <iframe
      title="The message's HTML"
      sandbox="allow-popups allow-popups-to-escape-sandbox"
      srcdoc="${framed}"
    ></iframe>`;
}

export function renderMissing(): Page {
  const body = html` <header>
      <div><h1>This message is not here</h1></div>
    </header>
    <main>
      <p>It may have been cleared by a reset. <a href="/">Back to the inbox</a></p>
    </main>`;
  return { title: "Not found · Tradewind mail", body };
}

function linksOf(message: Message): string[] {
  const inMarkup = (message.html ?? "").replaceAll("&amp;", "&").match(WEB_ADDRESS) ?? [];
  return [...new Set([...(message.text.match(WEB_ADDRESS) ?? []), ...inMarkup])];
}

function withLinks(text: string): Html[] {
  const pieces: Html[] = [];
  let end = 0;
  for (const match of text.matchAll(WEB_ADDRESS)) {
    pieces.push(html`${text.slice(end, match.index)}`, anchor(match[0]));
    end = match.index + match[0].length;
  }
  return [...pieces, html`${text.slice(end)}`];
}

function anchor(address: string): Html {
  return html`<a href="${address}" target="_blank" rel="noreferrer">${address}</a>`;
}
