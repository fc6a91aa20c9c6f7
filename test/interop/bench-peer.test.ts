import { afterAll, beforeAll, expect, vi } from 'vitest';
import { expectPublished } from '../rig/command/published-schemas.ts';
import { run, serveProfile } from './card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, itNeeds, PCSC_STACK } from './real-parts.ts';
import { PROGRAM } from './running-verb.ts';

const NEEDS = [...PCSC_STACK, 'pcscd of our own'] as const;
/** As few rounds as an interval needs: each starts two programs, and pcscd looks for cards every 400 ms. */
const FEW = ['--rounds', '8', '--count', '5'];
vi.setConfig({ testTimeout: 240_000 });

const peer = (...args: string[]): ReturnType<typeof run> => run(process.execPath, [PROGRAM, 'bench', 'peer', ...args]);

interface Row {
  readonly command: string;
  readonly n: number;
  readonly oursUs: number;
  readonly peerUs: number;
  readonly effect: { readonly method: string; readonly compared: number } | null;
  readonly otherAnswer: string | null;
}

describeNeeds(NEEDS, 'bench peer through pcscd and vpcd', () => {
  let daemon: Pcscd;
  beforeAll(async () => {
    daemon = await Pcscd.start();
  });
  afterAll(() => daemon.stop());

  itNeeds(NEEDS, 'against the echo card: every command of the workload, each answered alike', async () => {
    const { exit, out, err } = await peer('--peer', 'echo', '--json', ...FEW);
    expect([exit, err.includes('round 8 of 8')]).toEqual([0, true]);
    const result = JSON.parse(out);
    expect(result).toMatchObject({ id: 'bench-peer', verdict: 'pass', profile: 'reference', peer: 'echo' });
    const rows: Row[] = result.rows;
    expect(rows.map(({ command, n }) => [command, n])).toEqual(
      ['SELECT', 'VERIFY', 'READ RECORD', 'READ BINARY'].map((name) => [name, 40]),
    );
    expectPublished('bench-peer', result);
    const { first, later }: { first: Row; later: Row } = result.taps;
    expect([first.n, later.n]).toEqual([8, 8 * 19]);
    for (const { oursUs, peerUs, effect, otherAnswer } of [...rows, first, later]) {
      expect(otherAnswer).toBeNull();
      expect(effect).toMatchObject({ method: 'paired', compared: 8 });
      expect(Math.min(oursUs, peerUs)).toBeGreaterThan(0);
    }
  });

  itNeeds(
    NEEDS,
    'against a program that speaks vpcd and is another card: what it answers otherwise is not compared',
    async () => {
      const command = `'${process.execPath}' '${PROGRAM}' emulate --link vpcd:{host}:{port} --profile ndef`;
      const { exit, out } = await peer('--peer', `vpcd:${command}`, '--json', ...FEW);
      expect(exit).toBe(0);
      const rows: Row[] = JSON.parse(out).rows;
      const byName = new Map(rows.map((row) => [row.command, row]));
      expect(byName.get('SELECT')).toMatchObject({
        effect: null,
        otherAnswer: expect.stringMatching(/^2 bytes, 6A82/),
      });
      // SELECT is the first command of a tap.
      const other = { effect: null, otherAnswer: expect.stringMatching(/^command 1 with 2 bytes, 6A82/) };
      expect(JSON.parse(out).taps).toMatchObject({ first: other, later: other });
    },
  );

  itNeeds(NEEDS, 'programs that bring no card are told about in one sentence', async () => {
    const { exit, err } = await peer('--peer', "vpcd:echo 'it is broken' >&2; exit 7", ...FEW);
    expect(exit).toBe(2);
    expect(err).toMatch(/ended before its card was seen: it is broken\n$/);
    expect(err).not.toMatch(/\n\s+at /);
  });

  itNeeds(NEEDS, 'a slot that is taken is refused', async () => {
    const inserted = await serveProfile('ndef', 'contactless');
    try {
      const { exit, err } = await peer('--peer', 'echo', ...FEW);
      expect([exit, err]).toEqual([
        2,
        'vitap: there is a card in Virtual PCD 00 00 already: both slots of vpcd must be empty\n',
      ]);
    } finally {
      await inserted.remove();
    }
  });
});
