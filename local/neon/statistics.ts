import { RECENT_STATEMENTS_MAX } from "./limits.ts";

type Counts = { statements: number; transactions: number };

/** What was served since the last reset, so that tests can hold a budget of database calls. */
export type Statistics = {
  countStatement: (host: string, sql: string) => void;
  countTransaction: (host: string) => void;
  reset: () => void;
  report: () => Counts & { by_host: Record<string, Counts>; recent: { host: string; sql: string }[] };
};

export function createStatistics(hosts: string[]): Statistics {
  const counts = new Map<string, Counts>();
  const recent: { host: string; sql: string }[] = [];
  const countsOf = (host: string): Counts => {
    const known = counts.get(host) ?? { statements: 0, transactions: 0 };
    counts.set(host, known);
    return known;
  };
  const reset = (): void => {
    for (const host of hosts) counts.set(host, { statements: 0, transactions: 0 });
    recent.length = 0;
  };
  reset();
  return {
    countStatement: (host, sql) => {
      countsOf(host).statements += 1;
      recent.push({ host, sql });
      if (recent.length > RECENT_STATEMENTS_MAX) recent.shift();
    },
    countTransaction: (host) => {
      countsOf(host).transactions += 1;
    },
    reset,
    report: () => {
      const all = [...counts.values()];
      return {
        statements: all.reduce((sum, { statements }) => sum + statements, 0),
        transactions: all.reduce((sum, { transactions }) => sum + transactions, 0),
        by_host: Object.fromEntries(counts),
        recent,
      };
    },
  };
}
