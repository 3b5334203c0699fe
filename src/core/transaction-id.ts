/** The id of a transaction of the primary (Postgres' xid8, which never comes round), in decimal digits. */
export type TransactionId = string & { readonly __brand: "TransactionId" };

const pattern = /^[1-9]\d{0,19}$/;

/** @throws RangeError when the text is no such id. */
export function transactionIdOf(text: string): TransactionId {
  if (!pattern.test(text)) throw new RangeError(`"${text}" is no transaction id`);
  return text as TransactionId;
}
