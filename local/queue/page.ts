import type { DeadLetter } from "./dead-letter-store.ts";
import type { MessageEvent } from "./event-store.ts";
import type { Message } from "./message.ts";
import type { QueueContext } from "./queue-context.ts";

const ROWS_MAX = 100;

const STYLE = `
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
  table { border-collapse: collapse; width: 100%; }
  th, td { border-bottom: 1px solid #8884; padding: .35rem .6rem; text-align: left; vertical-align: top; }
  td { overflow-wrap: anywhere; }
  code { font-size: .85em; }
  h2 { margin-top: 2.5rem; }
  :root { color-scheme: light dark; }
`;

/** What waits, what was given up and what happened last, as one page that needs no script. */
export function renderPage({ store, clock, faults }: QueueContext): string {
  const { pending, active } = store.messages.countByState();
  const letters = [...take(store.deadLetters.before(Number.MAX_SAFE_INTEGER), ROWS_MAX)];
  const events = [...take(store.events.before(Number.MAX_SAFE_INTEGER), ROWS_MAX)];
  const paused = faults.settings().paused ? "<p><strong>Deliveries are paused.</strong></p>" : "";
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="10">
<title>Queue · Tradewind</title>
<style>${STYLE}</style>
<h1>Queue</h1>
<p>${pending} waiting, ${active} under way, ${store.deadLetters.count()} given up.</p>
${paused}
<h2>Messages</h2>
${table(
  ["Message", "State", "Due", "Retries", "Queue", "Destination"],
  store.messages.newest(ROWS_MAX).map((message) => messageRow(message, clock.now())),
)}
<h2>Dead letters</h2>
${table(["Message", "Given up", "Answer", "Destination", ""], letters.map(letterRow))}
<h2>Last events</h2>
${table(
  ["Time", "State", "Message", "Destination", "Detail"],
  events.map(({ event }) => eventRow(event)),
)}
</html>`;
}

function messageRow(message: Message, now: number): string[] {
  const wait = message.dueAt <= now ? "now" : `in ${Math.ceil((message.dueAt - now) / 1000)} s`;
  return [
    code(message.messageId),
    message.state,
    message.state === "active" ? "" : wait,
    `${message.retried} of ${message.settings.maxRetries}`,
    escape(message.queueName ?? ""),
    escape(message.url),
  ];
}

function letterRow(letter: DeadLetter): string[] {
  const answer = letter.response.status === 0 ? "none" : `HTTP ${letter.response.status}`;
  const action = `/_local/dead-letters/${encodeURIComponent(letter.dlqId)}/retry`;
  return [
    code(letter.messageId),
    time(letter.failedAt),
    answer,
    escape(letter.url),
    `<form method="post" action="${action}"><button>Retry</button></form>`,
  ];
}

function eventRow(event: MessageEvent): string[] {
  const next = event.nextDeliveryTime === undefined ? "" : `next ${time(event.nextDeliveryTime)}`;
  return [
    time(event.time),
    event.state,
    code(event.messageId),
    escape(event.url),
    event.error === undefined ? next : escape(event.error),
  ];
}

function table(headings: string[], rows: string[][]): string {
  if (rows.length === 0) return "<p>None.</p>";
  const head = headings.map((heading) => `<th>${heading}</th>`).join("");
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`);
  return `<table><thead><tr>${head}</tr></thead><tbody>\n${body.join("\n")}\n</tbody></table>`;
}

const code = (text: string) => `<code>${escape(text)}</code>`;
const time = (epochMs: number) => new Date(epochMs).toISOString().replace("T", " ").replace("Z", "");

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function* take<Item>(items: Iterable<Item>, count: number): Generator<Item> {
  let taken = 0;
  for (const item of items) {
    if (taken++ === count) return;
    yield item;
  }
}
