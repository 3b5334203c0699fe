import { read, write } from "./shop.js";
import { stack } from "./stack.js";

/** Signs in as the demo admin; returns the headers of its requests. */
export function signInAsAdmin() {
  const session = write("/auth/login", stack.admin);
  return { authorization: `Bearer ${session.json("access_token")}` };
}

/** A new product of one variant with so many units, for this run alone. */
export function stockProduct(admin, units) {
  const sku = `LOAD-${crypto.randomUUID().slice(0, 13)}`;
  const product = { title: `Load test ${sku}`, status: "active", variants: [{ sku, price: 1999 }] };
  const created = write("/admin/products", product, { headers: admin });
  write(
    `/admin/inventory/${sku}/adjustments`,
    { kind: "receive", quantity: units, reason: "delivery" },
    {
      name: "/admin/inventory/:sku/adjustments",
      headers: { ...admin, "idempotency-key": crypto.randomUUID() },
    },
  );
  return { productId: created.json("id"), variantId: created.json("variants.0.id"), sku };
}

/** What the SKU's own object says can still be sold. */
export function countAvailable(sku) {
  return read(`/inventory/${sku}`, { name: "/inventory/:sku" }).json("available");
}

/** Takes the product of a run off sale. */
export function archiveProduct(admin, productId) {
  const place = { name: "/admin/products/:id", headers: admin };
  const etag = read(`/admin/products/${productId}`, place).headers.Etag;
  write(`/admin/products/${productId}`, undefined, {
    ...place,
    method: "DELETE",
    headers: { ...admin, "if-match": etag },
    statuses: [200, 204],
  });
}
