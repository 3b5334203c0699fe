import { html, renderTime, type Html } from "../page.ts";
import type { EventSummary } from "./event.ts";

export function renderEvents(events: readonly EventSummary[]): { title: string; body: Html } {
  const body = html` <header>
      <div>
        <h1>Errors</h1>
        <p class="quiet">What the shop reports to Sentry, newest first. Nothing leaves this machine.</p>
      </div>
      <form action="/_local/reset" method="post"><button>Clear</button></form>
    </header>
    <main>
      ${
        events.length === 0
          ? renderEmpty()
          : html`<ul class="rows">
              ${events.map(renderRow)}
            </ul>`
      }
    </main>`;
  return { title: "Errors · Tradewind", body };
}

function renderRow(event: EventSummary): Html {
  const { exception, message, request } = event;
  const tags = Object.entries(event.tags).map(
    ([name, value]) => html`<span class="tag">${name}: ${String(value)}</span>`,
  );
  const release = event.release === null ? [] : [html`<span class="tag">release: ${event.release}</span>`];
  return html` <li>
    <a class="row" href="/events/${event.event_id}">
      <strong>${exception === null ? (message ?? "Event") : `${exception.type}: ${exception.value}`}</strong>
      ${renderTime(event.occurred_at)}
      ${exception === null || message === null ? "" : html`<span class="wide">${message}</span>`}
      ${event.causes.map(({ type, value }) => html`<span class="wide quiet">caused by ${type}: ${value}</span>`)}
      ${request?.url === undefined ? "" : html`<span class="wide quiet">${request.method ?? ""} ${request.url}</span>`}
      <span class="wide"><span class="tag alarm">${event.level}</span>${[...release, ...tags]}</span>
    </a>
  </li>`;
}

function renderEmpty(): Html {
  return html`<div class="card empty">
    <h2>No errors</h2>
    <p class="quiet">
      Every unexpected fault of the Worker appears here, with its request, release and tags. Refusals that a
      buyer may meet, such as an item out of stock, are no faults and are not reported.
    </p>
  </div>`;
}
