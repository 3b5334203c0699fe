import { type MoneyFact, postingsOf } from "#features/payments/bookkeeping";
import { Violation } from "../network.ts";

/** The ledger of money in double entry: a fact is booked once, by its name. */
export class BooksModel {
  /** Balance of every account. */
  readonly accounts = new Map<string, number>();
  readonly #booked = new Set<string>();

  book(fact: MoneyFact): void {
    if (this.#booked.has(fact.transactionId)) throw new Violation("money is booked once", fact.transactionId);
    this.#booked.add(fact.transactionId);
    for (const { account, amount } of postingsOf(fact))
      this.accounts.set(account, this.balance(account) + amount);
  }

  /** The same for a fact that an earlier step may have booked. */
  bookOnce(fact: MoneyFact): void {
    if (!this.#booked.has(fact.transactionId)) this.book(fact);
  }

  has(transactionId: string): boolean {
    return this.#booked.has(transactionId);
  }

  balance(account: string): number {
    return this.accounts.get(account) ?? 0;
  }
}
