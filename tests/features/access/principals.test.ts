import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type Permission, permissions } from "#core/permissions";
import { type Access, type RouteName, routeAccess } from "#http/route-access";
import { type Cart, Order, address, createBuyer } from "../../buying.ts";
import { inDatabase } from "../../in-database.ts";
import { createSeller } from "../../selling.ts";
import { type Customer, whenNotBusy } from "../../shop-client.ts";
import { registerCustomer, request, stack } from "../../stack.ts";
import { type Example, exampleRequests } from "./example-requests.ts";

const { api, services } = stack();

const Parameter = z.object({
  in: z.string(),
  name: z.string(),
  schema: z.object({ pattern: z.string().optional() }),
});
const Operation = z.object({
  parameters: z.array(Parameter).default([]),
  requestBody: z.object({ content: z.record(z.string(), z.unknown()) }).optional(),
});
type Operation = z.infer<typeof Operation>;
const Description = z.object({ paths: z.record(z.string(), z.record(z.string(), Operation)) });

/** In everything personal that the owner has; nobody else may ever be sent it. */
const canary = `canary-${randomUUID()}`;

const principals = ["nobody", "guest", "stranger", "staff", "admin", "owner"] as const;
type Principal = (typeof principals)[number];

type Scene = {
  headers: Record<Principal, Record<string, string>>;
  examples: Record<RouteName, Example>;
  operations: Map<string, Operation>;
};
let scene: Scene;

type Asked = { route: RouteName; principal: Principal; status: number; code: string; text: string };

async function ask(route: RouteName, principal: Principal): Promise<Asked> {
  const [method = "", template = ""] = route.split(" ");
  const operation = scene.operations.get(route);
  if (operation === undefined) throw new Error(`${route} is not described`);
  const example = scene.examples[route];
  const [mediaType] = Object.keys(operation.requestBody?.content ?? {});
  const path = operation.parameters
    .filter((parameter) => parameter.in === "path")
    .reduce((filled, { name, schema }) => {
      const [, prefix] = /^\^(\w+_)\[/.exec(schema.pattern ?? "") ?? [];
      const idOfNothing = prefix === undefined ? "no-such-id" : prefix + "0".repeat(26);
      return filled.replace(`{${name}}`, example.params?.[name] ?? idOfNothing);
    }, template);
  const request = () =>
    fetch(api + path + (example.query ?? ""), {
      method,
      redirect: "manual",
      headers: {
        "idempotency-key": randomUUID(),
        ...(mediaType === undefined ? {} : { "content-type": mediaType }),
        ...example.headers,
        ...scene.headers[principal],
      },
      ...(mediaType === undefined ? {} : { body: JSON.stringify(example.json ?? {}) }),
    });
  const response = await whenNotBusy(request);
  const text = await response.text();
  const [, code = ""] = /"code":"(\w+)"/.exec(text) ?? [];
  return { route, principal, status: response.status, code, text };
}

async function signIn({ email, password }: Customer): Promise<string> {
  const answer = await request("/auth/login", { method: "POST", json: { email, password } });
  return answer.as(z.object({ access_token: z.string() })).access_token;
}

async function makeStaff(role: "staff" | "admin"): Promise<string> {
  const account = await registerCustomer();
  await inDatabase("update users set role = $1 where id = $2", [role, account.id]);
  return signIn(account);
}

/** An account whose name and address are marked, and its order and cart line. */
async function makeOwner(variantId: string) {
  const buyer = createBuyer({ api, stripe: services.stripe });
  const account = { email: `${canary}@customers.example`, password: randomUUID(), name: canary };
  const registered = await request("/auth/register", { method: "POST", json: account });
  const { access_token: token } = registered.as(z.object({ access_token: z.string() }));
  const json = { email: account.email, shipping_address: { ...address, name: canary }, notes: canary };
  const placed = await buyer.placeOrder(await buyer.fillCart({ [variantId]: 1 }, token), { json, token });
  const order = placed.as(Order);
  const cart: Cart = await buyer.fillCart({ [variantId]: 1 }, token);
  const saved = await request("/customers/me/addresses", {
    method: "POST",
    token,
    json: { address: { ...address, name: canary } },
  });
  return {
    token,
    belongings: {
      addressId: saved.as(z.object({ id: z.string() })).id,
      orderId: order.id,
      orderLineId: order.lines[0]?.id ?? "",
      cartLineId: cart.lines[0]?.id ?? "",
    },
  };
}

beforeAll(async () => {
  const buyer = createBuyer({ api, stripe: services.stripe });
  const { variantId } = await createSeller(api).stockVariant(10);
  const [owner, stranger, staff, admin, response] = await Promise.all([
    makeOwner(variantId),
    registerCustomer(),
    makeStaff("staff"),
    makeStaff("admin"),
    fetch(`${api}/openapi.json`),
  ]);
  const guestOrder = await buyer.order({ [variantId]: 1 });
  const guestCart = await buyer.fillCart({ [variantId]: 1 });
  const { paths } = Description.parse(await response.json());
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  scene = {
    headers: {
      nobody: {},
      guest: { "cart-token": guestCart.token ?? "", "order-token": guestOrder.access_token ?? "" },
      stranger: bearer(stranger.token),
      staff: bearer(staff),
      admin: bearer(admin),
      owner: bearer(owner.token),
    },
    examples: exampleRequests(owner.belongings),
    operations: new Map(
      Object.entries(paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation]),
      ),
    ),
  };
});

function isPermission(access: Access): access is Permission {
  return access in permissions;
}

/** What is wrong with how a principal was answered; undefined when it is as the table says. */
function faultOf({ route, principal, status, code, text }: Asked, access: Access): string | undefined {
  const name = `${route} as ${principal} answered ${status} ${code}`;
  if (status >= 500) return `${name}: a fault`;
  if (status === 429) return `${name}: nothing was learnt`;
  const mayKnow = principal === "owner" || (principal === "admin" && isPermission(access));
  if (!mayKnow && text.includes(canary)) return `${name}: something of the owner's`;
  return isAsTheTableSays({ route, principal, status, code }, access) ? undefined : name;
}

function isAsTheTableSays({ route, principal, status, code }: Omit<Asked, "text">, access: Access): boolean {
  const isUser = principal !== "nobody" && principal !== "guest";
  const refused = status === 401 || status === 403;
  if (isPermission(access)) {
    if (!isUser) return code === "unauthenticated";
    return principal === "admin" ? !refused : code === "forbidden";
  }
  switch (access) {
    case "public":
    case "anyone":
      return code !== "forbidden" && code !== "unauthenticated";
    case "cart holder":
      return route.includes("{id}") ? (status === 200) === (principal === "owner") : !refused;
    case "signed in":
    case "signed in lately":
      // Who belongs to the staff is dismissed before the account is erased.
      if (route === "DELETE /customers/me" && (principal === "staff" || principal === "admin"))
        return code === "forbidden";
      if (isUser && route.includes("/customers/me/addresses/{id}"))
        return principal === "owner" ? !refused && status !== 404 : status === 404;
      return isUser ? code !== "unauthenticated" && status !== 403 : code === "unauthenticated";
    case "order holder":
      if (route === "POST /live/ticket") return principal === "nobody" ? status === 401 : status === 201;
      return principal === "owner" ? !refused && status !== 404 : status === 404;
    case "ticket holder":
      return code === "invalid_token" || code === "upgrade_required";
    case "our queue":
    case "Stripe":
    case "PayPal":
      return code === "invalid_signature";
  }
}

test("the owner and the staff with the permission do see the marked order", async () => {
  expect((await ask("GET /orders/{id}", "owner")).text).toContain(canary);
  expect((await ask("GET /admin/orders/{id}", "admin")).text).toContain(canary);
});

test(
  "every route lets six principals do what the table says, and shows nobody another's data",
  { timeout: 120_000 },
  async () => {
    const listed = Object.entries(routeAccess) as [RouteName, Access][];
    const endsSessions = ([route]: [RouteName, Access]) =>
      /^DELETE \/(auth\/sessions|customers\/me$)/.test(route);
    const routes = [...listed.filter((entry) => !endsSessions(entry)), ...listed.filter(endsSessions)];
    const faults: string[] = [];
    let checked = 0;
    for (const [route, access] of routes) {
      // The owner comes last: what the owner changes, the others have been refused before.
      const others = principals.filter((principal) => principal !== "owner");
      const asked = await Promise.all(others.map((principal) => ask(route, principal)));
      asked.push(await ask(route, "owner"));
      checked += asked.length;
      faults.push(...asked.map((each) => faultOf(each, access)).filter((fault) => fault !== undefined));
    }
    console.log(`${routes.length} routes × ${principals.length} principals: ${checked} requests checked`);
    expect(faults).toEqual([]);
    expect([...scene.operations.keys()].toSorted()).toEqual(routes.map(([route]) => route).toSorted());
  },
);
