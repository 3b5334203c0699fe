import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { z } from "zod";
import { request, stack } from "../../stack.ts";
import { putOnSale, ticketOf } from "../live/buyer.ts";
import { profile, refresh, registered } from "./account.ts";
import { mailTo, tokenIn } from "./mailbox.ts";

const Cart = z.object({ token: z.string() });

/** A token of every kind that the shop gives out, all of them good. */
async function everyToken() {
  const { account, ...session } = await registered();
  const { ticket } = await ticketOf({ token: session.access_token });
  const added = await request("/cart", {
    method: "POST",
    json: { variant_id: await putOnSale(), quantity: 1 },
  });
  return {
    access: session.access_token,
    refresh: session.refresh_token,
    ticket,
    mail: tokenIn(await mailTo(account.email, "Welcome")),
    cart: added.as(Cart).token,
  };
}

test("a token of one kind opens nothing that asks for another", async () => {
  const tokens = await everyToken();
  const kinds = Object.entries(tokens);
  for (const [kind, token] of kinds) {
    if (kind !== "access") expect((await profile(token)).status, `${kind} as access`).toBe(401);
    if (kind !== "refresh") expect((await refresh(token)).status, `${kind} as refresh`).toBe(401);
    if (kind !== "ticket")
      expect((await fetch(`${stack().api}/live/sse?ticket=${token}`)).status, `${kind} as ticket`).toBe(401);
    if (kind !== "mail") {
      const verified = await request("/auth/email/verify", { method: "POST", json: { token } });
      expect(verified.status, `${kind} as mail token`).toBe(400);
    }
    const order = await request(`/orders/ord_${"0".repeat(26)}`, { headers: { "order-token": token } });
    expect([401, 404], `${kind} as order token`).toContain(order.status);
  }
  expect((await profile(tokens.access)).status).toBe(200);
});

test("an oversize, a truncated and an altered access token are refused, and nothing breaks", async () => {
  const { access_token: token } = await registered();
  const [header = "", payload = "", signature = ""] = token.split(".");
  const altered = Buffer.from(payload, "base64url").toString().replace("customer", "admin");
  const bad = [
    `${header}.${payload}`,
    `${header}.${payload}.`,
    `${header}.${payload}.${signature.slice(0, -2)}`,
    `${header}.${Buffer.from(altered).toString("base64url")}.${signature}`,
    `${token}.${token}`,
    "A".repeat(6_000),
    randomUUID(),
  ];
  for (const each of bad) {
    const answer = await profile(each);
    expect(answer.status, each.slice(0, 40)).toBe(401);
    expect(answer.body).toMatchObject({ code: "invalid_token" });
  }
});
