/**
 * Tables of an object's SQLite that are made where something is first written to them, in the transaction that writes
 * it: most objects need few of theirs, each takes processor time and pages, and what was only read stays unwritten.
 */
export class LazyTables<Table extends string> {
  readonly #sql: SqlStorage;
  readonly #definitions: Readonly<Record<Table, string>>;
  #made: Set<string> | undefined;

  constructor(sql: SqlStorage, definitions: Readonly<Record<Table, string>>) {
    this.#sql = sql;
    this.#definitions = definitions;
  }

  has(table: Table): boolean {
    return this.#known().has(table);
  }

  make(table: Table): void {
    if (this.has(table)) return;
    this.#sql.exec(this.#definitions[table]);
    this.#known().add(table);
  }

  /** To be called when a transaction was undone, which may have made some of them. */
  lookAgain(): void {
    this.#made = undefined;
  }

  #known(): Set<string> {
    this.#made ??= new Set(
      this.#sql
        .exec<{ name: string }>("select name from sqlite_schema where type = 'table'")
        .toArray()
        .map(({ name }) => name),
    );
    return this.#made;
  }
}
