import type { Readable } from "node:stream";
import { createMessageSplitter } from "./message-splitter.ts";
import type { Statistics } from "./statistics.ts";

type Traffic = {
  host: string;
  fromClient: Readable;
  fromPostgres: Readable;
  statistics: Statistics;
};

/**
 * Counts what passes through a relay: a statement where the client sends a query or binds a parsed
 * one, a transaction where Postgres, after statements, is ready and outside of any transaction.
 */
export function countTraffic({ host, fromClient, fromPostgres, statistics }: Traffic): void {
  const sqlByName = new Map<string, string>();
  let loggedIn = false;
  let inTransaction = false;
  const count = (sql: string): void => {
    inTransaction = true;
    statistics.countStatement(host, sql);
  };
  const clientMessages = createMessageSplitter({
    startsUntyped: true,
    wanted: "QPB",
    onMessage: (type, body) => {
      const [first, second] = firstTexts(body);
      if (type === "Q") count(first);
      // Parse: name of the statement, SQL. Bind: name of the portal, name of the statement.
      else if (type === "P") sqlByName.set(first, second);
      else count(sqlByName.get(second) ?? "");
    },
  });
  const postgresMessages = createMessageSplitter({
    startsUntyped: false,
    wanted: "Z",
    onMessage: (_type, body) => {
      // The driver sends its first statement without waiting to hear that it is logged in.
      if (!loggedIn) {
        loggedIn = true;
        return;
      }
      if (!inTransaction || body.toString("latin1") !== "I") return;
      inTransaction = false;
      statistics.countTransaction(host);
    },
  });
  fromClient.on("data", clientMessages);
  fromPostgres.on("data", postgresMessages);
}

/** The zero-terminated texts with which a message begins; two are all that is asked for. */
function firstTexts(body: Buffer): [string, string] {
  const firstEnd = body.indexOf(0);
  const secondEnd = body.indexOf(0, firstEnd + 1);
  return [body.toString("utf8", 0, firstEnd), body.toString("utf8", firstEnd + 1, Math.max(secondEnd, 0))];
}
