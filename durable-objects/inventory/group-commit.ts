/** What a group's transaction and its flush are made with; the object gives its own storage. */
export type GroupStorage = {
  /** Runs the work as one transaction that is undone when the work throws; transactions nest. */
  readonly transactionSync: <Result>(work: () => Result) => Result;
  /** Resolves when everything written so far is on disk. */
  readonly sync: () => Promise<void>;
};

/** What surrounds the commands of each group. */
export type GroupHooks<Ground> = {
  /** Runs first in the transaction; the group's commands are all given what it returns. */
  readonly open: () => Ground;
  /** Runs in the same turn as the transaction, so that its writes share the flush. */
  readonly close: () => Promise<void>;
  /** Runs after a command's or the whole group's writes were undone. */
  readonly undone: () => void;
};

export const groupLimits = {
  /** Commands decided in one transaction; the rest are the next group. */
  commandsMax: 256,
  /** Commands that may wait; beyond that the object is overloaded, and the caller may try again. */
  waitingMax: 10_000,
} as const;

type Settle = () => void;
type Waiting<Ground> = {
  /** @returns what answers the caller once the transaction stands. */
  readonly decide: (ground: Ground) => Settle;
  readonly fail: (fault: unknown) => void;
};

/**
 * Each write that is acknowledged alone costs one flush to disk. Here the first command is decided at once, and all
 * that arrive while it is flushed are decided together, in the order of their arrival, and share the next flush.
 * Nobody waits for a timer. The runtime's output gate keeps each reply back until its transaction is on disk.
 */
export class GroupCommit<Ground> {
  readonly #storage: GroupStorage;
  readonly #hooks: GroupHooks<Ground>;
  readonly #waiting: Waiting<Ground>[] = [];
  #working = false;

  constructor(storage: GroupStorage, hooks: GroupHooks<Ground>) {
    this.#storage = storage;
    this.#hooks = hooks;
  }

  /** Decides on the state that the commands before have left. A fault undoes this command and no other. */
  submit<Reply>(decide: (ground: Ground) => Reply): Promise<Reply> {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    if (this.#waiting.length >= groupLimits.waitingMax) {
      reject(new Error("the object is overloaded: try again"));
      return promise;
    }
    this.#waiting.push({
      decide: (ground) => {
        const reply = decide(ground);
        return () => resolve(reply);
      },
      fail: reject,
    });
    if (!this.#working) void this.#work();
    return promise;
  }

  async #work(): Promise<void> {
    this.#working = true;
    try {
      while (this.#waiting.length > 0) {
        const group = this.#waiting.splice(0, groupLimits.commandsMax);
        for (const settle of this.#decideGroup(group)) settle();
        await Promise.all([this.#hooks.close(), this.#storage.sync()]);
      }
    } catch (fault) {
      // The storage is broken: the runtime throws this object away, with the replies that its gate still holds.
      for (const { fail } of this.#waiting.splice(0)) fail(fault);
    } finally {
      this.#working = false;
    }
  }

  #decideGroup(group: readonly Waiting<Ground>[]): Settle[] {
    try {
      return this.#storage.transactionSync(() => {
        const ground = this.#hooks.open();
        return group.map((waiting) => this.#decideOne(waiting, ground));
      });
    } catch (fault) {
      this.#hooks.undone();
      return group.map(
        ({ fail }) =>
          () =>
            fail(fault),
      );
    }
  }

  #decideOne({ decide, fail }: Waiting<Ground>, ground: Ground): Settle {
    try {
      return this.#storage.transactionSync(() => decide(ground));
    } catch (fault) {
      this.#hooks.undone();
      return () => fail(fault);
    }
  }
}
