import { check, sleep } from "k6";
import http from "k6/http";
import { read, write } from "./shop.js";
import { stack } from "./stack.js";

const PAID_POLL_SECONDS = 0.2;
const PAID_POLLS_MAX = 300;

const ADDRESS = { name: "Load Buyer", line1: "1 Harbour Road", city: "Porto", country: "PT" };

/** Puts units of a variant into a guest's cart, a new one without a token. */
export function addToCart(variantId, { token, quantity = 1 } = {}) {
  const headers = token === undefined ? {} : { "cart-token": token };
  const answer = write("/cart", { variant_id: variantId, quantity }, { headers });
  const { lines, quote_hash: quoteHash } = answer.json();
  return { token: token ?? answer.headers["Cart-Token"], lines, quoteHash };
}

/** Answers 201 with the order, or 409 where nothing is left of what the cart holds. */
export function placeOrder(cart, { statuses = [201] } = {}) {
  const order = { quote_hash: cart.quoteHash, email: "buyer@example.com", shipping_address: ADDRESS };
  const headers = { "cart-token": cart.token, "idempotency-key": crypto.randomUUID() };
  return write("/orders", order, { headers, statuses });
}

/** Pays by card, as Stripe's own client in the buyer's browser does; true once the shop says that it is paid. */
export function payByCard({ id, access_token: orderToken }) {
  const headers = { "order-token": orderToken };
  const attempt = write(
    "/payment/checkout",
    { order_id: id, provider: "stripe" },
    { headers: { ...headers, "idempotency-key": crypto.randomUUID() } },
  ).json();
  confirmWithStripe(attempt);
  for (let polls = 0; polls < PAID_POLLS_MAX; polls += 1) {
    if (read(`/orders/${id}`, { name: "/orders/:id", headers }).json("status") === "paid") return true;
    sleep(PAID_POLL_SECONDS);
  }
  return false;
}

function confirmWithStripe({ client_secret: secret, publishable_key: key }) {
  const [intentId] = secret.split("_secret");
  const form = {
    payment_method: "pm_card_visa",
    client_secret: secret,
    return_url: "https://shop.example/thanks",
  };
  const answer = http.post(`${stack.stripe}/v1/payment_intents/${intentId}/confirm`, form, {
    headers: { authorization: `Bearer ${key}` },
    tags: { name: "stripe: confirm" },
  });
  check(answer, { "the card is accepted": ({ status }) => status === 200 });
}
