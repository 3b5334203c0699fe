/** A call about a SKU's stock as its buyer saw it. Times in microseconds of one clock. */
export type Operation = {
  client: number;
  sku: string;
  kind: "reserve" | "commit" | "release" | "read";
  quantity: number;
  call: number;
  /** Null when no answer ever came: the call may have taken effect at any time, or never. */
  return: number | null;
  outcome: "ok" | "refused" | "unknown";
  /** Of a read. */
  available?: number;
  sold?: number;
};

export type History = {
  /** Units of each SKU that were received before the first call. */
  units: Record<string, number>;
  operations: Operation[];
};

type Seen = Pick<Operation, "client" | "sku" | "kind" | "quantity" | "call" | "outcome"> &
  Partial<Pick<Operation, "available" | "sold">>;

export type Recorder = {
  readonly history: History;
  readonly now: () => number;
  /** An operation that has taken effect by now; one of unknown outcome may do so at any time. */
  readonly record: (seen: Seen) => void;
};

export function createRecorder(units: Record<string, number>): Recorder {
  const history: History = { units, operations: [] };
  const now = (): number => Math.round(performance.now() * 1000);
  return {
    history,
    now,
    record: (seen) => {
      history.operations.push({ ...seen, return: seen.outcome === "unknown" ? null : now() });
    },
  };
}
