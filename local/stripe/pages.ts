import type { Stripe } from "stripe";
import type { Delivery } from "../simulator/delivery-table.ts";
import type { TestCard } from "./test-cards.ts";

const STYLE = `
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1a1f36; }
  table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #e3e8ee; }
  code { font-size: .85em; } .card { display: block; padding: .4rem 0; } .trouble { color: #b3093c; }
  button { font: inherit; padding: .5rem 1.2rem; border: 0; border-radius: 6px; background: #635bff; color: white; cursor: pointer; }
  button.quiet { background: #8792a2; }`;

export function overviewPage(shown: {
  intents: readonly Stripe.PaymentIntent[];
  events: readonly Stripe.EventBase[];
  deliveries: readonly Delivery[];
}): string {
  return page(
    "Stripe simulator",
    `<h1>Stripe simulator</h1>
    <h2>Payment intents</h2>
    ${table(["Id", "Amount", "Status", "Created", ""], shown.intents.map(intentRow))}
    <h2>Events</h2>
    ${table(["Id", "Type", "Object", "Created"], shown.events.map(eventRow))}
    <h2>Webhooks</h2>
    ${table(["Event", "Kind", "Status", "Attempts", "Last answer"], shown.deliveries.map(deliveryRow))}`,
  );
}

function intentRow(intent: Stripe.PaymentIntent): string[] {
  const link = `<a href="/pay/${escape(intent.client_secret ?? "")}">open</a>`;
  return [code(intent.id), escape(money(intent)), escape(intent.status), time(intent.created), link];
}

function eventRow(event: Stripe.EventBase): string[] {
  return [
    code(event.id),
    escape(event.type),
    code(String(Reflect.get(event.data.object, "id"))),
    time(event.created),
  ];
}

function deliveryRow(delivery: Delivery): string[] {
  return [
    escape(delivery.event_type),
    escape(delivery.kind),
    escape(delivery.status),
    String(delivery.attempts),
    escape(String(delivery.response_status ?? delivery.response_body ?? "")),
  ];
}

export function payPage(intent: Stripe.PaymentIntent, cards: readonly TestCard[]): string {
  const failure = intent.last_payment_error?.message;
  const choices = cards.map(
    (card, index) =>
      `<label class="card"><input type="radio" name="payment_method" value="pm_card_${escape(card.name)}"${
        index === 0 ? " checked" : ""
      }> ${escape(card.title)} <code>•••• ${card.number.slice(-4)}</code></label>`,
  );
  const isPayable = ["requires_payment_method", "requires_confirmation"].includes(intent.status);
  return page(
    "Pay",
    `<h1>Pay ${escape(money(intent))}</h1>
    <p>Status: <strong>${escape(intent.status)}</strong></p>
    ${failure === undefined ? "" : `<p class="trouble">${escape(failure)}</p>`}
    ${isPayable ? `<form method="post">${choices.join("\n")}<p><button>Pay</button></p></form>` : ""}
    <p><a href="/">All payments</a></p>`,
  );
}

export function authenticationPage(intent: Stripe.PaymentIntent): string {
  return page(
    "Authenticate",
    `<h1>Your bank asks</h1>
    <p>Do you want to pay <strong>${escape(money(intent))}</strong>?</p>
    <form method="post">
      <button name="outcome" value="approve">Approve</button>
      <button class="quiet" name="outcome" value="fail">Fail</button>
    </form>`,
  );
}

export function messagePage(message: string): string {
  return page("Stripe simulator", `<p>${escape(message)}</p><p><a href="/">All payments</a></p>`);
}

function page(title: string, content: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title>
<meta name="viewport" content="width=device-width"><style>${STYLE}</style></head><body>${content}</body></html>`;
}

function table(headings: readonly string[], rows: readonly string[][]): string {
  const head = headings.map((heading) => `<th>${escape(heading)}</th>`).join("");
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`).join("");
  return `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

function money({ amount, currency }: Stripe.PaymentIntent): string {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

function time(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 19);
}

function code(text: string): string {
  return `<code>${escape(text)}</code>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
