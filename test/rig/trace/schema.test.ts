import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseEvent, parseHeader } from '../../../rig/trace/parse.ts';
import { importedHeader } from '../../../rig/trace/stream.ts';
import { SESSION } from './formats/frame-trace.ts';

/** The published schema and the reader judge alike what a schema can judge. */
const schema = z.fromJSONSchema(
  JSON.parse(readFileSync(new URL('../../../docs/trace.schema.json', import.meta.url), 'utf8')),
);

function reader(line: unknown): boolean {
  const text = JSON.stringify(line);
  try {
    if ((line as { type?: unknown }).type === 'header') parseHeader(text);
    else parseEvent(text);
    return true;
  } catch {
    return false;
  }
}

const header = importedHeader({ source: 'x', startedAt: '2026-01-02T03:04:05.678Z' });
const block = { type: 'block', t: 0, from: 'card', frame: '029000F109' };

describe('trace.schema.json', () => {
  it.each([
    header,
    importedHeader({ source: 'x' }),
    { ...header, interface: 'wired', atr: '3B00', later: 1 },
    { ...header, cardSeed: 'vitap' },
    { ...header, driver: 'pcsc-ffi' },
    ...SESSION,
    { type: 'field', t: -5, state: 'on' },
    { ...block, crc: 'good' },
    { ...block, bits: 7, synthetic: true },
    { type: 'note', t: 0, text: 'X', masks: [{ offset: 0, length: 1, what: 'nir' }] },
  ])('takes %j', (line) => {
    expect([schema.safeParse(line).success, reader(line)]).toEqual([true, true]);
  });

  it.each([
    { ...header, backend: 'dream' },
    { ...header, version: 2 },
    { ...header, cardSeed: 7 },
    { ...header, driver: 7 },
    { ...header, startedAt: 5 },
    { ...header, secretsKept: 'no' },
    { ...header, redactions: ['all'] },
    { type: 'power', t: 0, state: 'up' },
    { type: 'power', t: 0, state: 'on', ats: '0' },
    { type: 'power', t: 0.5, state: 'on' },
    { ...block, crc: 'fine' },
    { ...block, bits: 8 },
    { ...block, synthetic: false },
    { ...block, frame: '0g' },
    { ...block, from: 'nowhere' },
    { type: 'command', t: 0, apdu: '00a4' },
    { type: 'response', t: 0 },
    { type: 'note', t: 0, text: 'X', masks: [{ offset: 0, length: 0, what: 'nir' }] },
    { type: 'song', t: 0 },
  ])('refuses %j', (line) => {
    expect([schema.safeParse(line).success, reader(line)]).toEqual([false, false]);
  });
});
