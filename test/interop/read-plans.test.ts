import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { hasEnded } from '../child-end.ts';
import { CODE, run, serveProfile } from './card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, itNeeds, PCSC_STACK } from './real-parts.ts';
import { PROGRAM } from './running-verb.ts';

/** `vitap tap --plan` as a person runs it, over links that really carry it. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

interface Tapped {
  readonly verdict: string;
  readonly invoices: readonly unknown[];
  readonly beneficiaries: readonly unknown[];
  readonly checks: readonly { readonly id: string; readonly verdict: string }[];
  readonly plans?: {
    readonly costs: readonly { plan: string; basis: string; exchanges: number; carriedRatio: number }[];
  };
}

async function tap(...args: string[]): Promise<Tapped> {
  const { out, err } = await run(process.execPath, [PROGRAM, 'tap', '--sequence', 'own', '--json', ...args]);
  expect(out, err).not.toBe('');
  return JSON.parse(out);
}

function expectWhole({ verdict, invoices, beneficiaries, checks }: Tapped): void {
  expect([verdict, invoices.length, beneficiaries.length]).toEqual(['pass', 8, 3]);
  expect(checks).toContainEqual(expect.objectContaining({ id: 'signature', verdict: 'pass' }));
}

describeNeeds(PCSC_STACK, 'read plans through pcscd and vpcd', () => {
  let daemon: Pcscd;
  beforeAll(async () => {
    daemon = await Pcscd.start();
  });
  afterAll(() => daemon.stop());

  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-plans-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  itNeeds(PCSC_STACK, 'before the unlock nothing, after it the same by both plans', async () => {
    const card = await serveProfile('apcv', 'contactless');
    const canFile = join(folder, 'can');
    writeFileSync(canFile, '161803\n', { mode: 0o600 });
    const through = ['--reader', 'pcsc', '--can-file', canFile, '--terminal-keys', 'test'];
    try {
      const locked = await tap(...through, '--plan', 'minimal');
      expect(locked).toMatchObject({ invoices: [], beneficiaries: [], affiliation: null });
      expect(locked.plans).toBeUndefined();
      expect(card.unlock()).toBe('unlocked');
      const minimal = await tap(...through, '--plan', 'minimal');
      expectWhole(minimal);
      expect(minimal.plans!.costs[1]).toMatchObject({ plan: 'minimal', basis: 'exchanged', exchanges: 2 });
      expect(minimal.plans!.costs[1]!.carriedRatio).toBeLessThanOrEqual(1.15);
      // The window was for one presentation.
      expect(await tap(...through, '--plan', 'minimal')).toMatchObject({ invoices: [], affiliation: null });
      expect(card.unlock()).toBe('unlocked');
      const classic = await tap(...through, '--plan', 'classic');
      expectWhole(classic);
      expect(classic.plans!.costs[0]).toMatchObject({ plan: 'classic', basis: 'exchanged', exchanges: 23 });
      expect(classic.invoices).toEqual(minimal.invoices);
      expect(classic.beneficiaries).toEqual(minimal.beneficiaries);
    } finally {
      await card.remove();
    }
  });
});

describeNeeds(['socat'], 'read plans between two simulated PN532', () => {
  let folder: string;
  let children: ChildProcess[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-plans-'));
    children = [];
  });
  afterEach(async () => {
    for (const child of children.reverse()) {
      if (!hasEnded(child)) {
        child.kill('SIGTERM');
        await once(child, 'close');
      }
    }
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs in the background until the test ends; returns when it has said so much. */
  async function start(says: string, ...args: string[]): Promise<void> {
    const child = spawn(process.execPath, [PROGRAM, ...args]);
    children.push(child);
    let out = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        out += chunk.toString();
      });
    }
    await vi.waitFor(() => expect(out).toContain(says), 30_000);
  }

  it('minimal: what the card cannot send at once comes by GET RESPONSE', async () => {
    const [a, b] = [join(folder, 'a'), join(folder, 'b')];
    await start('ready', 'board', 'sim', '--pair', '--link-a', a, '--link-b', b);
    // The contact interface takes the code from the reader, so that no window can close while a slow machine is busy.
    await start(
      'The board is there.',
      'emulate',
      '--link',
      `pn532:${a}`,
      '--profile',
      'vitale2',
      '--interface',
      'contact',
    );
    const code = join(folder, 'code');
    writeFileSync(code, `${CODE}\n`, { mode: 0o600 });
    const locked = await tap('--reader', `pn532:${b}`, '--plan', 'minimal', '--timeout', '60');
    expect(locked).toMatchObject({ invoices: [], beneficiaries: [], affiliation: null });
    const tapped = await tap('--reader', `pn532:${b}`, '--plan', 'minimal', '--timeout', '60', '--pin-file', code);
    expectWhole(tapped);
    // SELECT, VERIFY, GET DATA with 260 bytes, and 1010 more in pieces of 256.
    expect(tapped.plans!.costs[1]).toMatchObject({ plan: 'minimal', basis: 'exchanged', exchanges: 7 });
    expect(tapped.plans!.costs[1]!.carriedRatio).toBeLessThanOrEqual(1.15);
  });
});
