import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildCard } from '../../../rig/card/build.ts';
import type { CardSource } from '../../../rig/card/card-source.ts';
import { openCard } from '../../../rig/card/open.ts';
import { runCommandLine } from '../../../rig/command/program.ts';
import { VERBS } from '../../../rig/command/verbs/index.ts';
import { makerOf, openRenewable } from '../../../rig/judge/conform/open-card.ts';
import type { Applet } from '../../../src/applet/applet.ts';
import type { LinkedCard } from '../../../src/hal/card-link.ts';
import { fakeIo } from '../console/fake-io.ts';

/** An application that shows what its card draws: `00 5A 00 00 08`. */
vi.mock('../../../src/applet/vitale/export-object.ts', () => {
  const applet: Applet = {
    aid: Uint8Array.of(0xd2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01),
    commands: [
      {
        ins: 0x5a,
        name: 'DRAW',
        standard: 'none',
        cases: [2],
        parameters: [{ p1: [0, 0], p2: [0, 0], meaning: 'eight bytes' }],
        chaining: false,
        lifeCycle: 'activated',
        security: 'none',
        cost: 'ram',
        execute: ({ core, response }) => {
          core.random.fill(response.bytes, response.length, 8);
          response.length += 8;
          return 0x9000;
        },
      },
    ],
  };
  return { exportApplets: () => [applet] };
});

const SELECT = Uint8Array.from(Buffer.from('00A4040007D2760000850101', 'hex'));
const DRAW = Uint8Array.of(0x00, 0x5a, 0x00, 0x00, 0x08);

function draw(card: LinkedCard, times: number): string[] {
  card.powerOn();
  card.process(SELECT, 0, SELECT.length);
  return Array.from({ length: times }, () => {
    const length = card.process(DRAW, 0, DRAW.length);
    return Buffer.from(card.response.subarray(0, length)).toString('hex');
  });
}

/** The stream of a seed as src/hal/virtual/random.ts writes it down, by OpenSSL. */
function stream(seed: string): string {
  const of = (data: Buffer): Buffer => createHash('sha256').update(data).digest();
  return of(Buffer.concat([of(Buffer.from(seed)), Buffer.alloc(8)])).toString('hex');
}

let folder: string;
let image: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-random-'));
  image = join(folder, 'ndef.img');
  await buildCard({ profiles: ['ndef'], out: image, seed: 'one', state: null, force: true }, fakeIo());
});
afterAll(() => rmSync(folder, { recursive: true }));

const PROFILE: CardSource = { kind: 'profile', name: 'ndef' };

describe('what a card draws', { timeout: 60_000 }, () => {
  it('of a profile is the same in each run, and not what its image was made of', async () => {
    const expected = stream('vitap, in use');
    expect(expected).not.toBe(stream('vitap'));
    for (const source of [PROFILE, { kind: 'image', fileOrName: 'ndef' } as const]) {
      const { card, seed } = await openCard(source);
      expect([seed, draw(card.port(), 2)]).toEqual([
        'vitap',
        [`${expected.slice(0, 16)}9000`, `${expected.slice(16, 32)}9000`],
      ]);
    }
  });

  it('of an image is new each time', async () => {
    const drawn = new Set<string>();
    for (let i = 0; i < 2; i++) {
      const { card, seed, close } = await openCard({ kind: 'image', fileOrName: image });
      expect(seed).toBeNull();
      drawn.add(draw(card.port(), 1)[0] as string);
      close();
    }
    expect(drawn.size).toBe(2);
  });

  it('is the same of every copy that a conformance case gets', async () => {
    const make = makerOf(await openRenewable(PROFILE, null));
    const expected = [`${stream('vitap, in use').slice(0, 16)}9000`];
    expect([
      draw(
        make(() => {}),
        1,
      ),
      draw(
        make(() => {}),
        1,
      ),
    ]).toEqual([expected, expected]);
  });
});

describe('the head of a trace', { timeout: 60_000 }, () => {
  it.each([
    ['tap --sequence ndef --profile ndef', 'vitap'],
    ['tap --sequence ndef --image IMAGE', undefined],
    ['conform --suite t4t --only T4T-* --profile ndef', 'vitap'],
    ['conform --suite t4t --only T4T-* --image IMAGE', undefined],
  ])('of %s names the seed: %s', async (line, cardSeed) => {
    const trace = join(folder, 'trace.jsonl');
    const args = [...line.replace('IMAGE', image).split(' '), '--record', trace];
    const io = fakeIo();
    await runCommandLine(args, '0.0.0', VERBS, io);
    expect(io.err.join('')).not.toContain('vitap:');
    expect(JSON.parse(readFileSync(trace, 'utf8').split('\n')[0] as string).cardSeed).toBe(cardSeed);
  });
});
