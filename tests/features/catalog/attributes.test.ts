import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { z } from "zod";
import { adminToken, request } from "../../stack.ts";
import { Problem, createProduct, patchProduct, uniqueWord } from "./catalog-client.ts";

const newKey = () => `k_${randomUUID().replaceAll("-", "")}`;
const Refused = z.looseObject({
  code: z.string(),
  errors: z.array(z.looseObject({ pointer: z.string(), code: z.string() })),
});

async function define(fields: Record<string, unknown>): Promise<string> {
  const key = newKey();
  const json = { key, title: "An attribute", applies_to: "product", type: "text", ...fields };
  const answer = await request("/admin/attributes", { method: "POST", token: await adminToken(), json });
  expect(answer.status).toBe(201);
  return key;
}

async function staff(method: string, path: string, json?: unknown, version = 1) {
  return request(path, {
    method,
    token: await adminToken(),
    headers: { "if-match": `"v${version}"`, "content-type": "application/merge-patch+json" },
    ...(json === undefined ? {} : { json }),
  });
}

test("attributes are shown to buyers, metadata to the staff alone", async () => {
  const [fabric, length] = [await define({}), await define({ applies_to: "variant", type: "number" })];
  const word = uniqueWord();
  const product = await createProduct({
    attributes: { [fabric]: "wool" },
    metadata: { erp: word },
    variants: [{ sku: `A-${word}`, price: 1, attributes: { [length]: 2.5 }, metadata: { bin: word } }],
  });
  expect(product).toMatchObject({
    attributes: { [fabric]: "wool" },
    metadata: { erp: word },
    variants: [{ attributes: { [length]: 2.5 }, metadata: { bin: word } }],
  });
  const shown = await request(`/products/${product.id}`);
  expect(shown.body).toMatchObject({
    attributes: { [fabric]: "wool" },
    variants: [{ attributes: { [length]: 2.5 } }],
  });
  expect(JSON.stringify(shown.body)).not.toContain("metadata");
});

test("values are what their definition says, and unknown keys are refused", async () => {
  const choice = await define({ type: "choice", choices: ["red", "blue"] });
  const list = await define({ type: "choices", choices: ["a", "b"] });
  const flag = await define({ type: "boolean" });
  const ofVariants = await define({ applies_to: "variant", type: "number" });
  const answer = await request("/admin/products", {
    method: "POST",
    token: await adminToken(),
    json: {
      title: "Misfit",
      handle: uniqueWord(),
      attributes: { [choice]: "green", [list]: ["a", "c"], [flag]: "yes", [ofVariants]: 1, nobody_knows: 1 },
      variants: [{ sku: uniqueWord(), price: 1, attributes: { [ofVariants]: "1" } }],
    },
  });
  expect(answer.status).toBe(400);
  expect(answer.as(Refused).errors.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual([
    `/attributes/${choice} not_as_defined`,
    `/attributes/${list} not_as_defined`,
    `/attributes/${flag} not_as_defined`,
    `/attributes/${ofVariants} unknown_attribute`,
    "/attributes/nobody_knows unknown_attribute",
    `/variants/0/attributes/${ofVariants} not_as_defined`,
  ]);
});

test("a merge patch changes single attributes, and null takes one away", async () => {
  const [one, two] = [await define({}), await define({})];
  const { id } = await createProduct({
    attributes: { [one]: "1", [two]: "2" },
    metadata: { a: "1", b: "2" },
  });
  const patched = await patchProduct(id, { attributes: { [one]: null }, metadata: { b: "3" } }, '"v1"');
  expect(patched.body).toMatchObject({ version: 2, metadata: { a: "1", b: "3" } });
  expect(patched.as(z.looseObject({ attributes: z.unknown() })).attributes).toEqual({ [two]: "2" });
  const cleared = await patchProduct(id, { attributes: null, metadata: null }, '"v2"');
  expect(cleared.body).toMatchObject({ attributes: {}, metadata: {} });
});

test("lists are filtered by attributes of products and of their variants", async () => {
  const [seasons, size] = [
    await define({ type: "choices", choices: ["spring", "fall"] }),
    await define({ applies_to: "variant", type: "number" }),
  ];
  const one = await createProduct({ attributes: { [seasons]: ["fall", "spring"] } });
  const variant = { sku: uniqueWord(), price: 1, attributes: { [size]: 12 } };
  const other = await createProduct({ attributes: { [seasons]: ["fall"] }, variants: [variant] });
  const idsOf = async (...wanted: string[]) => {
    const query = wanted.map((each) => `attribute=${encodeURIComponent(each)}`).join("&");
    const page = await request(`/products?${query}`);
    return page.as(z.object({ data: z.array(z.looseObject({ id: z.string() })) })).data.map(({ id }) => id);
  };
  await expect.poll(() => idsOf(`${seasons}:fall`), { timeout: 25_000 }).toEqual([other.id, one.id]);
  expect(await idsOf(`${seasons}:spring`)).toEqual([one.id]);
  expect(await idsOf(`${seasons}:fall`, `${size}:12`)).toEqual([other.id]);
  expect(await idsOf(`${seasons}:winter`)).toEqual([]);
  expect((await request("/products?attribute=nonsense")).status).toBe(400);
});

test("a definition in use keeps its key and its used choices, and goes when nothing has it", async () => {
  const key = await define({ type: "choice", choices: ["red", "blue"] });
  const { id } = await createProduct({ attributes: { [key]: "red" } });
  const path = `/admin/attributes/${key}`;
  const refused = await staff("PATCH", path, { choices: ["blue"] });
  expect([refused.status, refused.as(Problem).code]).toEqual([409, "attribute_in_use"]);
  expect((await staff("DELETE", path)).as(Problem).code).toBe("attribute_in_use");
  expect((await staff("PATCH", path, { choices: ["red", "green"], title: "Colour" })).body).toMatchObject({
    choices: ["red", "green"],
    title: "Colour",
    version: 2,
  });
  expect((await staff("DELETE", path)).as(Problem).code).toBe("version_mismatch");
  await patchProduct(id, { attributes: null }, '"v1"');
  expect((await staff("DELETE", path, undefined, 2)).status).toBe(204);
});

test("a key is defined once, and choices belong to choices", async () => {
  const key = await define({});
  const again = { key, title: "Again", applies_to: "product", type: "text" };
  const answer = await request("/admin/attributes", {
    method: "POST",
    token: await adminToken(),
    json: again,
  });
  expect([answer.status, answer.as(Problem).code]).toEqual([409, "attribute_key_taken"]);
  for (const odd of [{ type: "choice" }, { type: "text", choices: ["a"] }]) {
    const json = { ...again, key: newKey(), ...odd };
    expect(
      (await request("/admin/attributes", { method: "POST", token: await adminToken(), json })).status,
    ).toBe(400);
  }
});
