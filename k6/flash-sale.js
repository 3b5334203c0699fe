import { check } from "k6";
import { Counter } from "k6/metrics";
import { bounded, chosen } from "./lib/bounds.js";
import { addToCart, placeOrder } from "./lib/buyer.js";
import { archiveProduct, countAvailable, signInAsAdmin, stockProduct } from "./lib/seller.js";

/** Many more buyers than units of one SKU: exactly the units are ordered, and everybody else is told so. */

const UNITS = chosen("UNITS", 50);
const ITERATIONS = chosen("ITERATIONS", 200);

const ordersPlaced = new Counter("orders_placed");
const buyersRefused = new Counter("buyers_refused");

export const options = bounded({
  buyers: 40,
  iterations: ITERATIONS,
  thresholds: {
    orders_placed: [`count==${Math.min(UNITS, ITERATIONS)}`],
    buyers_refused: [`count==${Math.max(0, ITERATIONS - UNITS)}`],
  },
});

export function setup() {
  const admin = signInAsAdmin();
  return { admin, product: stockProduct(admin, UNITS) };
}

export default function rush({ product }) {
  const answer = placeOrder(addToCart(product.variantId), { statuses: [201, 409] });
  if (answer.status === 201) ordersPlaced.add(1);
  if (answer.status !== 409) return;
  buyersRefused.add(1);
  check(answer, { "a refusal says why": (refusal) => refusal.json("code") === "insufficient_stock" });
}

export function teardown({ admin, product }) {
  const left = Math.max(0, UNITS - ITERATIONS);
  check(countAvailable(product.sku), { "what was not ordered is left": (available) => available === left });
  archiveProduct(admin, product.productId);
}
