import { describe, expect, it } from 'vitest';
import { knownFields } from '../../../rig/trace/known-fields.ts';
import type { TraceEvent, TraceHeader } from '../../../rig/trace/model.ts';

type Line = TraceHeader | TraceEvent;

/** Every field of each kind of line; what is in them does not matter here. */
const FIELDS: Readonly<Record<string, string>> = {
  header:
    'format version source backend reader interface atr ats card clock startedAt redactions secretsKept redactionKey cardSeed driver',
  power: 't state atr ats uid',
  field: 't state',
  block: 't from frame crc bits synthetic masks',
  command: 't apdu masks',
  response: 't apdu masks',
  note: 't text masks',
};
const lineOf = (type: string, ...names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries([['type', type], ...names.map((name) => [name, `of ${name}`])]);

describe.each(Object.entries(FIELDS))('%s', (type, written) => {
  const names = written.split(' ');

  it('keeps all that it knows, and tells of nothing', () => {
    const line = lineOf(type, ...names);
    const told: number[] = [];
    expect(knownFields(line as unknown as Line, (count) => told.push(count))).toBe(line);
    expect(told).toEqual([]);
  });

  it('leaves out what it does not know, and counts it', () => {
    const told: number[] = [];
    const left = knownFields(lineOf(type, 'holder', ...names, 'pin') as unknown as Line, (count) => told.push(count));
    expect(left).toEqual(lineOf(type, ...names));
    expect(told).toEqual([2]);
  });

  it('leaves it out when nobody is to be told', () => {
    expect(knownFields(lineOf(type, 'holder') as unknown as Line)).toEqual({ type });
  });
});
