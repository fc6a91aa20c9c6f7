import { readFileSync } from 'node:fs';

/** A file of known answers from this folder. */
export function loadVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8')) as T;
}
