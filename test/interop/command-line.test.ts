import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openCard } from '../../rig/card/open.ts';
import type { LinkedCard } from '../../src/hal/card-link.ts';
import { hasEnded } from '../child-end.ts';
import { CODE, run } from './card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, itNeeds, PCSC_STACK } from './real-parts.ts';
import { PROGRAM } from './running-verb.ts';
import { serveOnVpcd, slotIsEmpty } from './vpcd-card.ts';

/** The command line as a person runs it: the built program, in processes of its own. */
const OWN_PCSCD = [...PCSC_STACK, 'pcscd of our own'] as const;

let folder: string;
let codeFile: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-cli-'));
  codeFile = join(folder, 'code');
  writeFileSync(codeFile, `${CODE}\n`, { mode: 0o600 });
});
afterEach(() => rmSync(folder, { recursive: true }));

const vitap = (...args: string[]): ReturnType<typeof run> => run(process.execPath, [PROGRAM, ...args]);

/** What a person must never see of a mistake. */
function expectOneSentence(err: string): void {
  expect(err).not.toMatch(/\n\s+at |Error:|fault of vitap/);
  expect(err.trim().split('\n')).toHaveLength(1);
}

/** `vitap emulate` in the background. */
class Emulator {
  readonly child: ChildProcess;
  out = '';
  err = '';

  constructor(args: readonly string[], env: Record<string, string> = {}) {
    this.child = spawn(process.execPath, [PROGRAM, 'emulate', ...args], { env: { ...process.env, ...env } });
    // It may have ended when something is typed.
    this.child.stdin!.on('error', () => {});
    this.child.stdout!.on('data', (chunk: Buffer) => {
      this.out += chunk.toString();
    });
    this.child.stderr!.on('data', (chunk: Buffer) => {
      this.err += chunk.toString();
    });
  }

  async says(text: string, times = 1): Promise<void> {
    await vi.waitFor(() => expect(this.out.split(text).length - 1).toBeGreaterThanOrEqual(times), 10_000);
  }

  type(line: string): void {
    this.child.stdin!.write(`${line}\n`);
  }

  async end(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL' = 'SIGINT'): Promise<number | null> {
    if (hasEnded(this.child)) return this.child.exitCode;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
    return this.child.exitCode;
  }
}

const emulators: Emulator[] = [];
function emulate(args: readonly string[], env?: Record<string, string>): Emulator {
  const emulator = new Emulator(args, env);
  emulators.push(emulator);
  return emulator;
}

async function endEmulators(): Promise<void> {
  for (const emulator of emulators.splice(0)) await emulator.end('SIGKILL');
}

describeNeeds(PCSC_STACK, 'emulate and tap, through pcscd', () => {
  let daemon: Pcscd;
  beforeAll(async () => {
    daemon = await Pcscd.start();
  });
  afterAll(() => daemon.stop());
  // A card that is put in before pcscd has seen the last one go is the last one to it.
  afterEach(async () => {
    await endEmulators();
    await slotIsEmpty();
  });

  it('vitale2: what is free without a code, everything with it', async () => {
    const card = emulate(['--link', 'vpcd', '--profile', 'vitale2']);
    await card.says('The reader is there.');
    const free = await vitap('tap', '--reader', 'pcsc');
    expect(free.exit).toBe(0);
    expect(free.out).toContain('ZOE ADRUN, born 1975-12-31');
    expect(free.out).toContain('own application: 6982');
    const whole = await vitap('tap', '--reader', 'pcsc:Virtual', '--pin-file', codeFile);
    expect(whole.exit).toBe(0);
    expect(whole.out).toContain('Last 5 of 8 invoices');
    expect(whole.out).toContain('PASS  signature');
    expect(await card.end()).toBe(130);
    expect(card.err).toBe('');
  });

  it('reads the same through PC/SC as in process', async () => {
    const card = emulate(['--profile', 'vitale2']);
    await card.says('The reader is there.');
    const through = JSON.parse((await vitap('tap', '--reader', 'pcsc', '--pin-file', codeFile, '--json')).out);
    const inside = JSON.parse((await vitap('tap', '--profile', 'vitale2', '--pin-file', codeFile, '--json')).out);
    for (const key of [
      'atr',
      'identities',
      'nirs',
      'affiliation',
      'beneficiaries',
      'rights',
      'invoices',
      'checks',
      'code',
    ]) {
      expect(through[key]).toEqual(inside[key]);
    }
    const commands = (data: { time: { exchanges: { header: string; status: string }[] } }) =>
      data.time.exchanges.map(({ header, status }) => `${header} ${status}`);
    expect(commands(through)).toEqual(commands(inside));
  });

  it('an image on contact: a wrong code costs a try that a restart does not give back', async () => {
    const image = join(folder, 'apcv.img');
    expect((await vitap('card', 'build', 'apcv', '--out', image)).exit).toBe(0);
    writeFileSync(codeFile, '000000\n', { mode: 0o600 });
    const expected = ['2 tries left', '1 try left', 'no try left', 'blocked'];
    for (const words of expected) {
      const card = emulate(['--interface', 'contact', '--image', image]);
      await card.says('The reader is there.');
      const tapped = await vitap('tap', '--reader', 'pcsc', '--sequence', 'own', '--pin-file', codeFile);
      expect(tapped.exit).toBe(1);
      expect(tapped.err).toContain(words);
      await card.end('SIGKILL');
      await slotIsEmpty();
    }
    writeFileSync(codeFile, `${CODE}\n`, { mode: 0o600 });
    const last = emulate(['--interface', 'contact', '--image', image]);
    await last.says('The reader is there.');
    const right = await vitap('tap', '--reader', 'pcsc', '--sequence', 'own', '--pin-file', codeFile);
    expect(right.err).toContain('blocked');
    expect(right.out).not.toContain('ADRUN');
  });

  /** A professional's terminal: the number that the phone shows, and the keys below the test root. */
  const channel = (): string[] => {
    const canFile = join(folder, 'can');
    writeFileSync(canFile, '161803\n', { mode: 0o600 });
    return ['--can-file', canFile, '--terminal-keys', 'test'];
  };

  it('apcv contactless: only the holder’s unlock opens it to a terminal, for one presentation', async () => {
    const card = emulate(['--profile', 'apcv'], { VITAP_PIN: CODE });
    await card.says('The reader is there.');
    const locked = await vitap('tap', '--reader', 'pcsc', '--sequence', 'own', '--pin-file', codeFile);
    expect(locked.exit).toBe(0);
    expect(locked.err).toContain('does not take the code in the clear');
    card.type('unlock');
    await card.says('unlocked for');
    const inClear = await vitap('tap', '--reader', 'pcsc', '--sequence', 'own');
    expect(inClear.out).not.toContain('ZOE ADRUN');
    const open = await vitap('tap', '--reader', 'pcsc', '--sequence', 'own', ...channel());
    expect(open.out).toContain('ZOE ADRUN');
    const again = await vitap('tap', '--reader', 'pcsc', '--sequence', 'own', ...channel());
    expect(again.out).not.toContain('ZOE ADRUN');
    card.type('quit');
    await vi.waitFor(() => expect(card.child.exitCode).toBe(0), 5000);
    expect(card.out + card.err).not.toContain(CODE);
  });

  it('--unlock opens the window at the start', async () => {
    const card = emulate(['--profile', 'apcv', '--unlock', '--pin-file', codeFile]);
    await card.says('The reader is there.');
    const tapped = await vitap('tap', '--reader', 'pcsc', '--sequence', 'own', ...channel());
    expect(tapped.out).toContain('ZOE ADRUN');
  });

  it('both sides record the same exchanges, without the code', async () => {
    const [cardTrace, readerTrace] = [join(folder, 'card.jsonl'), join(folder, 'reader.jsonl')];
    const card = emulate(['--profile', 'vitale2', '--record', cardTrace]);
    await card.says('The reader is there.');
    await vitap('tap', '--reader', 'pcsc', '--pin-file', codeFile, '--record', readerTrace);
    await card.end();
    const apdus = (file: string): string[] =>
      readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .filter(({ type }) => type === 'command' || type === 'response')
        .map(({ apdu }) => apdu);
    expect(apdus(readerTrace).length).toBeGreaterThan(40);
    expect(apdus(cardTrace)).toEqual(apdus(readerTrace));
    const hex = Buffer.from(CODE).toString('hex');
    for (const file of [cardTrace, readerTrace]) expect(readFileSync(file, 'utf8')).not.toContain(hex);
  });

  it('the card is taken out between two commands: said, exit 2', async () => {
    const card = await cardThat(3, (inserted) => inserted.link.stop());
    const tapped = await vitap('tap', '--reader', 'pcsc');
    expect(tapped.exit).toBe(2);
    expectOneSentence(tapped.err);
    expect(tapped.err).toMatch(/card/i);
    await card.remove();
  });

  it('no card: said after the time allowed, exit 2', async () => {
    const tapped = await vitap('tap', '--reader', 'pcsc', '--timeout', '1');
    expect(tapped.exit).toBe(2);
    expectOneSentence(tapped.err);
    expect(tapped.err).toMatch(/no card/i);
  });

  it('no such reader: said with those that there are, exit 2', async () => {
    const tapped = await vitap('tap', '--reader', 'pcsc:Nowhere', '--timeout', '1');
    expect(tapped.exit).toBe(2);
    expectOneSentence(tapped.err);
    expect(tapped.err).toContain('Nowhere');
  });

  itNeeds(['pyscard'], 'another program holds the reader for itself: said, exit 2', async () => {
    const { card } = await openCard({ kind: 'profile', name: 'vitale2' });
    const inserted = await serveOnVpcd(card.port());
    const holder = spawn('/usr/bin/python3', [
      '-c',
      `import sys
from smartcard.scard import *
_, context = SCardEstablishContext(SCARD_SCOPE_USER)
result, card, protocol = SCardConnect(context, "Virtual PCD 00 00", SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_ANY)
print("held" if result == 0 else hex(result), flush=True)
sys.stdin.read()`,
    ]);
    await once(holder.stdout, 'data');
    const tapped = await vitap('tap', '--reader', 'pcsc', '--timeout', '3');
    holder.stdin.end();
    await once(holder, 'exit');
    expect(tapped.exit).toBe(2);
    expectOneSentence(tapped.err);
    expect(tapped.err).toMatch(/another program/i);
    await inserted.remove();
  });

  itNeeds(
    OWN_PCSCD,
    'pcscd is killed in the middle of a tap: said at once; back again, emulate reattaches by itself',
    async () => {
      const card = await cardThat(3, () => void daemon.kill9());
      const tapped = await vitap('tap', '--reader', 'pcsc');
      expect(tapped.exit).toBe(2);
      expectOneSentence(tapped.err);
      expect(tapped.err).toMatch(/PC\/SC service|pcscd/);
      card.link.stop();
      await card.served;

      daemon = await Pcscd.start();
      const lasting = emulate(['--profile', 'vitale2']);
      await lasting.says('The reader is there.');
      await daemon.kill9();
      await lasting.says('The reader has gone');
      daemon = await Pcscd.start();
      await lasting.says('The reader is there.', 2);
      const again = await vitap('tap', '--reader', 'pcsc', '--pin-file', codeFile);
      expect(again.exit).toBe(0);
      expect(again.out).toContain('ZOE ADRUN');
      expect(await lasting.end('SIGTERM')).toBe(143);
    },
  );

  /** A vitale2 card in the reader to which something happens when it gets its nth command. */
  async function cardThat(
    nth: number,
    happens: (inserted: Awaited<ReturnType<typeof serveOnVpcd>>) => void,
  ): Promise<Awaited<ReturnType<typeof serveOnVpcd>>> {
    const { card } = await openCard({ kind: 'profile', name: 'vitale2' });
    const port = card.port();
    let count = 0;
    const watched: LinkedCard = {
      response: port.response,
      atr: () => port.atr(),
      powerOn: () => port.powerOn(),
      reset: () => port.reset(),
      fieldOff: () => port.fieldOff(),
      deselect: () => port.deselect(),
      process(command, offset, length) {
        if (++count === nth) happens(inserted);
        return port.process(command, offset, length);
      },
    };
    const inserted = await serveOnVpcd(watched);
    return inserted;
  }
});

it.runIf(existsSync('/dev/full'))('a full disk behind standard output is said in a sentence', async () => {
  const { exit, err } = await run('sh', ['-c', `exec "$0" "$1" convert --list > /dev/full`, process.execPath, PROGRAM]);
  expect(err).toBe('vitap: standard output: no space is left on its disk\n');
  expect(exit).toBe(2);
});

it('nobody reads what is said once, at the end: exit 141, without words', async () => {
  for (const args of ['card commands', 'man', 'issuer init --help']) {
    const line = `("$0" "$1" ${args}; echo $? >&2) | true`;
    expect([args, (await run('sh', ['-c', line, process.execPath, PROGRAM])).err]).toEqual([args, '141\n']);
  }
});

describe('without a PC/SC service', () => {
  afterEach(endEmulators);

  itNeeds(['nfc-pcsc', 'pcscd of our own'], 'tap says that it does not run, exit 2', async () => {
    const tapped = await vitap('tap', '--reader', 'pcsc');
    expect(tapped.exit).toBe(2);
    expectOneSentence(tapped.err);
    expect(tapped.err).toContain('pcscd');
  });

  itNeeds(['pcscd of our own'], 'emulate says that port 35963 is refused, exit 2; with --wait it waits', async () => {
    const refused = await vitap('emulate', '--profile', 'vitale2');
    expect(refused.exit).toBe(2);
    expectOneSentence(refused.err);
    expect(refused.err).toContain('35963');
    const waiting = emulate(['--profile', 'vitale2', '--wait']);
    await waiting.says('Ctrl-C ends it.');
    const daemon = await Pcscd.start();
    await waiting.says('The reader is there.');
    await daemon.stop();
  });
});
