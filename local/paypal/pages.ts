import type { Delivery } from "../simulator/delivery-table.ts";
import { html, type Html, renderTime } from "../page.ts";
import { approvalUrl } from "./order-view.ts";
import type { TestPayer } from "./payers.ts";
import type { StoredEvent, StoredOrder } from "./resources.ts";
import { isoSeconds } from "./simulation.ts";

export type Page = { title: string; body: Html };

export function overviewPage(shown: {
  orders: readonly StoredOrder[];
  events: readonly StoredEvent[];
  deliveries: readonly Delivery[];
}): Page {
  return {
    title: "PayPal simulator",
    body: html`<header><h1>PayPal simulator</h1></header>
      <main>
        <h2>Orders</h2>
        ${rows(shown.orders.map(orderRow))}
        <h2>Events</h2>
        ${rows(shown.events.map(eventRow))}
        <h2>Webhooks</h2>
        ${rows(shown.deliveries.map(deliveryRow))}
      </main>`,
  };
}

function rows(items: readonly Html[]): Html {
  if (items.length === 0) return html`<p class="quiet">None yet.</p>`;
  return html`<ul class="rows">
    ${items.map((item) => html`<li>${item}</li>`)}
  </ul>`;
}

function orderRow(order: StoredOrder): Html {
  return html`<a class="row" href="${new URL(approvalUrl(order)).search.replace("?", "/checkoutnow?")}">
    <strong>${order.id}</strong> ${renderTime(order.create_time)}
    <span>${amountOf(order)} · ${order.status}</span>
  </a>`;
}

function eventRow(event: StoredEvent): Html {
  return html`<div class="row">
    <span>${event.eventType}</span> ${renderTime(isoSeconds(event.created))}
    <span class="quiet">${event.transactionId}</span>
  </div>`;
}

function deliveryRow(delivery: Delivery): Html {
  const outcome = String(delivery.response_status ?? delivery.response_body ?? "");
  return html`<div class="row">
    <span>${delivery.event_type}</span> <span class="tag">${delivery.status}</span>
    <span class="quiet">${delivery.kind}, ${String(delivery.attempts)} attempts ${outcome}</span>
  </div>`;
}

export function approvalPage(order: StoredOrder, payers: readonly TestPayer[]): Page {
  const shop = order.experience.brand_name ?? "The shop";
  const isOpen = order.status !== "COMPLETED";
  return {
    title: "Pay with PayPal",
    body: html`<header><h1>Pay ${amountOf(order)}</h1></header>
      <main>
        <p>${shop} asks for this payment. It is ${order.status}.</p>
        ${isOpen ? approvalForm(payers) : html``}
      </main>`,
  };
}

function approvalForm(payers: readonly TestPayer[]): Html {
  return html`<form method="post" class="card">
    <div>
      ${payers.map(
        (payer, index) =>
          html`<p>
            <input
              type="radio"
              name="payer"
              id="payer-${String(index)}"
              value="${payer.email}"
              ${checked(index)}
            />
            <span>${payer.title} <span class="quiet">${payer.email}</span></span>
          </p>`,
      )}
      <p>
        <button name="outcome" value="approve">Agree and pay</button>
        <button name="outcome" value="cancel">Cancel and return</button>
      </p>
    </div>
  </form>`;
}

function checked(index: number): Html {
  return index === 0 ? html`checked` : html``;
}

/** Shown where the shop did not say whereto its buyer goes back. */
export function donePage(message: string): Page {
  return {
    title: "PayPal simulator",
    body: html`<main class="empty">
      <h2>${message}</h2>
      <p><a href="/">All orders</a></p>
    </main>`,
  };
}

function amountOf(order: StoredOrder): string {
  return order.units.map(({ amount }) => `${amount.value} ${amount.currency_code}`).join(" + ");
}
