import { z } from "zod";
import { OrderDatabases } from "#platform/order-shards";
import { type HomeAddress, homesOf } from "./prepare-homes.ts";

/** @throws Error that says which setting is missing or malformed. */
export function readHomes(environment: NodeJS.ProcessEnv): readonly HomeAddress[] {
  const databaseUrl = environment["DATABASE_URL"];
  if (databaseUrl === undefined || databaseUrl === "") {
    throw new Error(
      "DATABASE_URL is not set. Give the primary's connection string, for example: " +
        "DATABASE_URL=postgresql://user:password@host/database npm run migrate",
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
