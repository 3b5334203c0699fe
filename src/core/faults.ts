/**
 * Where the database client's errors begin to list the values of a query, and the cache client's the whole command, which
 * may be anybody's.
 */
const valuesOfQuery = /(?:\nparams: |, command was: )[\s\S]*$/;

/**
 * What may be told of a fault outside the database: its name, message and stack without the values that a failed query
 * or command was given. A cause is left out, for a database's own words quote values, too.
 */
export function tellable(fault: unknown): Error {
  if (!(fault instanceof Error)) return new Error(`thrown: ${typeof fault}`);
  const message = fault.message.replace(valuesOfQuery, "");
  const told = new Error(message);
  told.name = fault.name;
  // A stack begins with the message. As a function, so that no "$" in a message means anything.
  if (fault.stack !== undefined) told.stack = fault.stack.replace(fault.message, () => message);
  return told;
}
