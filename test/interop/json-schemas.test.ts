import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { expectPublished } from '../rig/command/published-schemas.ts';
import { run } from './card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, itNeeds, PCSC_STACK } from './real-parts.ts';
import { PROGRAM, RunningVerb } from './running-verb.ts';

/** What is printed with --json where real parts are needed; test/rig/command/schemas.test.ts judges the rest. */

const PCSC = [...PCSC_STACK, 'pcscd of our own'] as const;
vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 });

const vitap = (...args: string[]): ReturnType<typeof run> => run(process.execPath, [PROGRAM, ...args]);

let folder: string;
let running: RunningVerb[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-json-'));
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((each) => each.stop()));
  rmSync(folder, { recursive: true });
});

function start(...args: string[]): RunningVerb {
  const verb = new RunningVerb(...args);
  running.push(verb);
  return verb;
}

describeNeeds(PCSC, 'through pcscd', () => {
  let daemon: Pcscd;
  beforeEach(async () => {
    daemon = await Pcscd.start();
  });
  afterEach(() => daemon.stop());

  itNeeds(PCSC, 'emulate says what happens, record what it relayed', async () => {
    const card = start('emulate', '--link', 'vpcd', '--profile', 'vitale2', '--json');
    await card.says('"attached"');
    const relay = [
      'record',
      join(folder, 't.jsonl'),
      '--reader',
      'pcsc:Virtual PCD 00 00',
      '--to',
      'vpcd:localhost:35964',
    ];
    const recorded = vitap(...relay, '--for', '20', '--json');
    const tapped = vitap(
      'tap',
      '--reader',
      'pcsc:Virtual PCD 00 01',
      '--sequence',
      'identity',
      '--timeout',
      '30',
      '--json',
    );
    expectPublished('tap', JSON.parse((await tapped).out));
    expectPublished('record', JSON.parse((await recorded).out));
    await card.stop();
    for (const line of card.documents) expectPublished('emulate-event', line);
    expect(card.out).toContain('"power-on"');
  });
});

describeNeeds(['socat'], 'on simulated boards', () => {
  it('board sim says what happens, line by line', async () => {
    const [a, b] = [join(folder, 'a'), join(folder, 'b')];
    const boards = start('board', 'sim', '--pair', '--link-a', a, '--link-b', b, '--bytes', '--json');
    await boards.says('"ready"');
    const card = start('emulate', '--link', `pn532:${a}`, '--profile', 'ndef', '--json');
    await card.says('"attached"');
    expectPublished('tap', JSON.parse((await vitap('tap', '--reader', `pn532:${b}`, '--json')).out));
    await boards.stop();
    const events = boards.documents as { readonly event: string }[];
    for (const event of events) expectPublished('board-sim-event', event);
    expect(new Set(events.map(({ event }) => event))).toEqual(
      new Set(['port', 'ready', 'power', 'command', 'response', 'baud-rate', 'field-on', 'field-off', 'frame']),
    );
    for (const line of card.documents) expectPublished('emulate-event', line);
  });

  it('bench link', async () => {
    expectPublished('bench-link', JSON.parse((await vitap('bench', 'link', '--count', '2', '--json')).out));
  });
});

it('bench trace, and its report', async () => {
  const trace = await vitap('bench', 'trace', '--count', '50', '--large', '100', '--json');
  expectPublished('bench-trace', JSON.parse(trace.out));
  const report = await vitap('bench', 'trace', '--report', '--count', '100', '--json');
  expectPublished('bench-report', JSON.parse(report.out));
});
