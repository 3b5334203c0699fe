/** What Stripe's bracketed form encoding can say: text, lists (`a[]`, `a[0]`) and nested fields (`a[b]`). */
export type FormValue = string | FormValue[] | { [name: string]: FormValue };
export type FormFields = { [name: string]: FormValue };

const NESTING_DEPTH_MAX = 8;
const FIELDS_MAX = 1_000;

/** Throws when the body holds more fields or deeper nesting than any Stripe call needs. */
export function parseFormBody(text: string): FormFields {
  const root: FormFields = emptyFields();
  const pairs = [...new URLSearchParams(text)];
  if (pairs.length > FIELDS_MAX) throw new RangeError(`More than ${FIELDS_MAX} form fields.`);
  for (const [key, value] of pairs) {
    const path = pathOf(key);
    if (path.length > NESTING_DEPTH_MAX) throw new RangeError(`${key} is nested too deeply.`);
    place(root, path, value);
  }
  return listsFromIndices(root);
}

function pathOf(key: string): string[] {
  const [head = key, ...rest] = key.replaceAll("]", "").split("[");
  return [head, ...rest];
}

function place(fields: FormFields, path: readonly string[], value: string): void {
  const [name = "", ...rest] = path;
  const step = name === "" ? String(Object.keys(fields).length) : name;
  if (rest.length === 0) {
    fields[step] = value;
    return;
  }
  const existing = fields[step];
  const child = isFields(existing) ? existing : emptyFields();
  fields[step] = child;
  place(child, rest, value);
}

function listsFromIndices(fields: FormFields): FormFields {
  const settled = emptyFields();
  for (const [name, value] of Object.entries(fields)) settled[name] = settle(value);
  return settled;
}

function settle(value: FormValue): FormValue {
  if (!isFields(value)) return value;
  const names = Object.keys(value);
  const isList = names.length > 0 && names.every((name, index) => name === String(index));
  return isList ? Object.values(value).map(settle) : listsFromIndices(value);
}

/** Field names come from the network: without a prototype, `__proto__` is a name like any other. */
function emptyFields(): FormFields {
  return Object.create(null) as FormFields;
}

function isFields(value: FormValue | undefined): value is FormFields {
  return typeof value === "object" && !Array.isArray(value);
}
