/**
 * What the documentation page does beyond reading: it opens the operation that the address names, filters the list and
 * sends the forms. Tokens stay in the page's memory. Plain text, because it runs in the reader's browser; its hash is in
 * the page's Content-Security-Policy.
 */
export const docsScript = `
"use strict";
const find = (selector, root = document) => [...root.querySelectorAll(selector)];
document.documentElement.classList.add("scripted");

const contents = document.querySelector("nav > details");
const narrow = matchMedia("(max-width: 60rem)");
const foldContents = () => { contents.open = !narrow.matches; };
narrow.addEventListener("change", foldContents);
foldContents();

function openTarget() {
  const target = document.getElementById(location.hash.slice(1));
  if (target?.matches(".operation")) target.open = true;
  target?.scrollIntoView();
}
addEventListener("hashchange", openTarget);
openTarget();
contents.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link) return;
  if (narrow.matches) contents.open = false;
  if (link.hash === location.hash) openTarget();
});

const filter = document.getElementById("filter");
filter.addEventListener("input", () => {
  const wanted = filter.value.trim().toLowerCase();
  for (const item of find("nav li")) item.hidden = !item.textContent.toLowerCase().includes(wanted);
  for (const group of find("nav section")) group.hidden = find("li:not([hidden])", group).length === 0;
});

const session = { token: document.getElementById("access-token"), cart: document.getElementById("cart-token") };

function requestOf(form) {
  const { method, path, type } = form.dataset;
  const headers = {};
  const query = new URLSearchParams();
  let target = path;
  for (const input of find("input[data-name]", form)) {
    const { name } = input.dataset;
    if (input.dataset.in === "path") target = target.replace("{" + name + "}", encodeURIComponent(input.value));
    else if (input.dataset.in === "query" && input.value) query.append(name, input.value);
    else if (input.dataset.in === "header") {
      if (name.toLowerCase() === "idempotency-key" && !input.value) input.value = crypto.randomUUID();
      if (input.value) headers[name] = input.value;
    }
  }
  if (session.token.value) headers.Authorization = "Bearer " + session.token.value;
  if (session.cart.value && !Object.keys(headers).some((name) => name.toLowerCase() === "cart-token"))
    headers["Cart-Token"] = session.cart.value;
  const body = form.elements.namedItem("body")?.value;
  if (body) headers["Content-Type"] = type;
  return { url: target + (query.size ? "?" + query : ""), init: { method, headers, body: body || undefined } };
}

function remember(response, value) {
  if (typeof value?.access_token === "string" && value.token_type === "Bearer") session.token.value = value.access_token;
  const cart = response.headers.get("cart-token");
  if (cart) session.cart.value = cart;
}

function block(text) {
  const pre = document.createElement("pre");
  pre.tabIndex = 0;
  pre.textContent = text;
  return pre;
}

async function send(form) {
  const { url, init } = requestOf(form);
  const startedAt = performance.now();
  const response = await fetch(url, init);
  const text = await response.text();
  const took = Math.round(performance.now() - startedAt);
  const isJson = /json/.test(response.headers.get("content-type") ?? "") && text !== "";
  const value = isJson ? JSON.parse(text) : undefined;
  remember(response, value);
  const headers = [...response.headers].map(([name, content]) => name + ": " + content).join("\\n");
  const line = document.createElement("p");
  const status = document.createElement("strong");
  status.className = "status s" + String(response.status)[0];
  status.textContent = response.status;
  line.append(status, " " + init.method + " " + url + " in " + took + " ms");
  const fold = document.createElement("details");
  const summary = document.createElement("summary");
  summary.textContent = "Headers";
  fold.append(summary, block(headers));
  return [line, block(isJson ? JSON.stringify(value, undefined, 2) : text || "(no body)"), fold];
}

for (const form of find("form.try")) form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  const answer = form.querySelector(".answer");
  button.disabled = true;
  try {
    answer.replaceChildren(...await send(form));
  } catch (error) {
    answer.replaceChildren(block("The request was not answered: " + error.message));
  } finally {
    button.disabled = false;
  }
});
`.trim();
