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
  /** The order that it was for, where the buyer learnt its id. */
  orderId?: string;
  /** Of a read. */
  available?: number;
  sold?: number;
  /** What the SKU's journal has of it. */
  entry?: JournalMark;
};

/** Which entry of the journal, counted from 1, and between which moments it was written. */
export type JournalMark = { position: number; from: number; until: number };

export type History = {
  /** Units of each SKU that were received before the first call. */
  units: Record<string, number>;
  operations: Operation[];
};

type Seen = Omit<Operation, "return" | "entry">;

export type Recorder = {
  readonly history: History;
  readonly now: () => number;
  /** An operation that has taken effect by now; one of unknown outcome may do so at any time. */
  readonly record: (seen: Seen) => void;
  /** An operation that was granted, and takes effect at some time from now on. */
  readonly recordGranted: (seen: Seen) => void;
};

export function createRecorder(units: Record<string, number>): Recorder {
  const history: History = { units, operations: [] };
  // The time of day, which the journal tells as well, with a monotonic clock's fineness.
  const now = (): number => Math.round((performance.timeOrigin + performance.now()) * 1000);
  return {
    history,
    now,
    record: (seen) => {
      history.operations.push({ ...seen, return: seen.outcome === "unknown" ? null : now() });
    },
    recordGranted: (seen) => {
      history.operations.push({ ...seen, return: null });
    },
  };
}
