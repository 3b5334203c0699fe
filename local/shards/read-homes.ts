import { z } from "zod";
import { OrderDatabases } from "#platform/order-shards";
import { type HomeAddress, homesOf } from "./homes.ts";

/**
 * @param command as it is typed behind `npm run`, for the example in a refusal.
 * @throws Error that says which setting is missing or malformed.
 */
export function readHomes(environment: NodeJS.ProcessEnv, command: string): readonly HomeAddress[] {
  const databaseUrl = environment["DATABASE_URL"];
  if (databaseUrl === undefined || !/^postgres(ql)?:\/\//.test(databaseUrl) || !URL.canParse(databaseUrl)) {
    const fault = (databaseUrl ?? "") === "" ? "is not set" : "is no connection string";
    throw new Error(
      `DATABASE_URL ${fault}. Give the primary's, for example: ` +
        `DATABASE_URL=postgresql://user:password@host/database npm run ${command}`,
    );
  }
  return homesOf(databaseUrl, readOrderDatabases(environment["ORDER_DATABASES"] ?? "[]"));
}

function readOrderDatabases(text: string): OrderDatabases {
  const parsed = OrderDatabases.safeParse(parsedOrText(text));
  if (parsed.success) return parsed.data;
  throw new Error(
    `ORDER_DATABASES is not JSON such as [{"name":"east","url":"postgresql://…"}]: ${z.prettifyError(parsed.error)}`,
  );
}

function parsedOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
