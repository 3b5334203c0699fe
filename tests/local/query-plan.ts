import { z } from "zod";

/** A step of what Postgres did for a statement, as EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) tells; blocks are of 8 KB. */
export type Plan = {
  "Node Type": string;
  "Relation Name"?: string | undefined;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number | undefined;
  "Shared Hit Blocks": number;
  "Shared Read Blocks": number;
  Plans?: Plan[] | undefined;
};
const Plan: z.ZodType<Plan> = z.object({
  "Node Type": z.string(),
  "Relation Name": z.string().optional(),
  "Actual Rows": z.number(),
  "Actual Loops": z.number(),
  "Rows Removed by Filter": z.number().optional(),
  "Shared Hit Blocks": z.number(),
  "Shared Read Blocks": z.number(),
  Plans: z.lazy(() => z.array(Plan)).optional(),
});
const Explained = z.tuple([z.object({ "QUERY PLAN": z.tuple([z.object({ Plan })]) })]);

export function explained(text: string): string {
  return `explain (analyze, buffers, format json) ${text}`;
}

/** The plan in the rows that {@link explained} gave. */
export function planIn(rows: readonly unknown[]): Plan {
  const [
    {
      "QUERY PLAN": [{ Plan: plan }],
    },
  ] = Explained.parse(rows);
  return plan;
}

export function nodesOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

export function blocksOf(plan: Plan): number {
  return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"];
}

/** Rows that were looked at in tables, those included that did not fit. */
export function rowsReadBy(plan: Plan): number {
  return nodesOf(plan)
    .filter((node) => node["Relation Name"] !== undefined)
    .reduce(
      (sum, node) =>
        sum + (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)) * node["Actual Loops"],
      0,
    );
}
