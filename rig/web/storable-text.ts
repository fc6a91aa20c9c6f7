/** What no database keeps as text: NUL (PostgreSQL), and half of a surrogate pair, which has no UTF-8. */
const UNSTORABLE = /\0|\p{Cs}/u;
const EACH = /\0|\p{Cs}/gu;

/** Whether every text in a JSON value, names of fields too, can be stored and written. */
export function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return !UNSTORABLE.test(value);
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isStorable);
  return Object.entries(value).every(([name, each]) => isStorable(name) && isStorable(each));
}

/** The same value with U+FFFD in the place of what cannot be stored. */
export function storable<T>(value: T): T {
  if (typeof value === 'string') return value.replace(EACH, '\uFFFD') as T;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(storable) as T;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [storable(name), storable(each)])) as T;
}
