import { z } from "zod";
import { expectAnswer, insist, type Shop } from "./shop-calls.ts";

const Entry = z.object({
  seq: z.int(),
  kind: z.string(),
  quantity: z.int(),
  reservation_id: z.string().nullable(),
  held: z.int(),
  sold: z.int(),
  at: z.coerce.date(),
});
export type Entry = z.infer<typeof Entry>;

const Page = z.object({ data: z.array(Entry), has_more: z.boolean(), next_cursor: z.string().nullable() });

/** A SKU's whole journal, oldest first. */
export async function readJournal({ api, adminToken }: Shop, sku: string): Promise<Entry[]> {
  const headers = { authorization: `Bearer ${adminToken}` };
  const entries: Entry[] = [];
  for (let behind = ""; ;) {
    const url = `${api}/admin/inventory/${sku}/movements?limit=100${behind}`;
    const page = expectAnswer(await insist(url, { headers }), 200, Page);
    entries.push(...page.data);
    if (!page.has_more) return entries.reverse();
    behind = `&after=${page.next_cursor}`;
  }
}
