import { check } from "k6";
import http from "k6/http";
import { stack } from "./stack.js";

/** GET of a path; `name` groups the figures of many paths. */
export function read(path, { name = path, headers = {}, statuses = [200] } = {}) {
  const answer = http.get(`${stack.api}${path}`, { headers, ...expecting(name, statuses) });
  return verify(answer, { name: `GET ${name}`, statuses });
}

/** POST of JSON, or another method with it. */
export function write(
  path,
  json,
  { method = "POST", name = path, headers = {}, statuses = [200, 201] } = {},
) {
  const body = json === undefined ? null : JSON.stringify(json);
  const sent = json === undefined ? headers : { "content-type": "application/json", ...headers };
  const answer = http.request(method, `${stack.api}${path}`, body, {
    headers: sent,
    ...expecting(name, statuses),
  });
  return verify(answer, { name: `${method} ${name}`, statuses });
}

export function oneOf(items) {
  return items[Math.floor(Math.random() * items.length)];
}

/** A first page of products, with variants of which there are units. */
export function readAssortment() {
  const products = read("/products?limit=100&in_stock=true", { name: "/products" }).json("data");
  if (products.length === 0) throw new Error("The shop has no products in stock; npm start imports some.");
  return {
    productIds: products.map(({ id }) => id),
    variantIds: products.flatMap(({ variants }) =>
      variants.filter(({ available }) => available > 0).map(({ id }) => id),
    ),
    categories: [...new Set(products.flatMap(({ categories }) => categories.map(({ handle }) => handle)))],
    brands: [...new Set(products.map(({ brand }) => brand).filter((brand) => brand !== null))],
  };
}

function expecting(name, statuses) {
  return { tags: { name }, responseCallback: http.expectedStatuses(...statuses) };
}

function verify(answer, { name, statuses }) {
  const holds = check(answer, {
    [`${name} is answered as expected`]: ({ status }) => statuses.includes(status),
  });
  if (!holds) console.error(`${name} answered ${answer.status}: ${answer.body}`);
  return answer;
}
