import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { z } from 'zod';

const FOLDER = new URL('../../../docs/schemas/', import.meta.url);

/** Names of docs/schemas. */
export const SCHEMAS: readonly string[] = readdirSync(FOLDER).map((file) => file.replace(/\.schema\.json$/, ''));

export type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];

export function readSchema(name: string): JsonSchema {
  return JSON.parse(readFileSync(new URL(`${name}.schema.json`, FOLDER), 'utf8'));
}

/** Judges a document by the published schema of this name. */
export function accepts(name: string, document: unknown): boolean {
  return z.fromJSONSchema(readSchema(name)).safeParse(document).success;
}

/** A document that was really written is one of this name. */
export function expectPublished(name: string, document: unknown): void {
  const issues = z.fromJSONSchema(readSchema(name)).safeParse(document).error?.issues ?? [];
  expect(
    issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
    name,
  ).toEqual([]);
}
