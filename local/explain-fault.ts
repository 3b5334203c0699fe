/** What to do next, by the code of a fault: of the operating system's, or of Postgres'. */
const advice: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    "Nothing listens there: start the shop with npm start, or set DATABASE_URL to the one you mean",
  ENOTFOUND: "There is no such host: check the connection string",
  ETIMEDOUT: "It does not answer: check the connection string, and whether this machine may connect",
  "28P01": "Check user and password of the connection string",
  "28000": "Check user and password of the connection string",
  "3D000": "Create the database, or check its name in the connection string",
  "3F000": "The database is not up to date: run npm run migrate",
  "42P01": "The database is not up to date: run npm run migrate",
  "42883": "The database is not up to date: run npm run migrate",
};

/** A fault in words for whoever sits at the terminal, with what to do next where that is known. */
export function explainFault(fault: unknown): string {
  if (!(fault instanceof Error)) return String(fault);
  // A host with several addresses was tried at each of them.
  if (fault instanceof AggregateError && fault.message === "") return explainFault(fault.errors[0]);
  const next = "code" in fault && typeof fault.code === "string" ? advice[fault.code] : undefined;
  return next === undefined ? fault.message : `${fault.message}. ${next}.`;
}
