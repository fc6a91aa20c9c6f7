import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openCard } from '../../rig/card/open.ts';
import { PhoneScreen } from '../../rig/card/phone-screen.ts';
import type { ReplayResult } from '../../rig/judge/replay/model.ts';
import { toHex } from '../../src/apdu/hex.ts';
import { VPCD_PORT } from '../../src/hal/vpcd/index.ts';
import { CAN as OWN_CAN, PERSON, writeOwnCard } from '../rig/channel/own-card.ts';
import { run } from './card.ts';
import { CHIP_CAN, CHIP_SECRET, compileLibeac, LIBEAC, LibeacChip, writeChip } from './libeac.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, PCSC_STACK } from './real-parts.ts';
import { PROGRAM } from './running-verb.ts';
import { cardIsIn, SLOTS, serveOnVpcd, slotIsEmpty, type VpcdCard } from './vpcd-card.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Of profile eac. */
const [CAN, PIN] = ['500540', '123456'];
/** In any channel, and never in clear. */
const TEXT = 'Vitap: a channel is open';
const EID = '00A4040C09E80704007F00070302';
/** Data groups 1 to 5, 8 and 17 by their short identifiers. */
const DATA_GROUPS = ['81', '82', '83', '84', '85', '88', '91'].map((sfi) => `00B0${sfi}0000`);
/** What the card holds of its person, as it stands there. */
const APCV_CAN = '161803';
const HOLDER_CODE = '274916';
/** Names and NIRs of profile apcv, as its files hold them. */
const APCV_SECRETS = [
  'ADRUN',
  'ECETINSI',
  'MICHELANGELO',
  '275126322074974',
  '109076322083489',
  'CABINET DES TILLEULS',
];
/** Of profile eac. */
const PERSONAL = ['ZOE', 'ADRUN', '19751231', '20340101'];

let folder: string;
let daemon: Pcscd;
const file = (name: string): string => join(folder, name);
const vitap = (...words: string[]): ReturnType<typeof run> => run(process.execPath, [PROGRAM, ...words]);

async function started(): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'vitap-secure-'));
  writeFileSync(file('can'), CAN, { mode: 0o600 });
  daemon = await Pcscd.start();
}

async function ended(): Promise<void> {
  await daemon?.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** The same text as a program or a person may write it down. */
function inAllEncodings(secret: string): string[] {
  const latin = Buffer.from(secret, 'latin1');
  const wide = Buffer.from(secret, 'utf16le');
  // Whatever stands before it: what stays the same of base64 at each of the three places.
  const base64 = [0, 1, 2].map((before) =>
    Buffer.concat([Buffer.alloc(before), latin])
      .toString('base64')
      .replace(/=*$/, '')
      .slice(before === 0 ? 0 : before + 1, -1),
  );
  const digits = /^\d+$/.test(secret) ? [secret.padEnd(secret.length + (secret.length % 2), 'F')] : [];
  return [
    secret,
    toHex(latin),
    toHex(wide),
    [...latin].join(','),
    toHex(latin.toReversed()),
    ...base64.filter((part) => part.length >= 4),
    ...digits,
  ];
}

describeNeeds(PCSC_STACK, 'a secure channel through pcscd', () => {
  let card: VpcdCard | null = null;
  beforeAll(started);
  afterAll(ended);
  afterEach(async () => {
    await card?.remove();
    card = null;
  });

  const insert = async (source: Parameters<typeof openCard>[0]): Promise<void> => {
    const { card: opened } = await openCard(source);
    card = await serveOnVpcd(opened.port('contactless'), { interface: 'contactless' });
  };
  const TO = ['--reader', `pcsc:${SLOTS[0]}`];

  it('reads a whole card, records it, and nothing of its person or its codes is in the trace', async () => {
    await insert({ kind: 'profile', name: 'eac' });
    const [trace, keys] = [file('eac.jsonl'), file('eac.keys')];
    const channel = ['--can-file', file('can'), '--terminal-keys', 'test', '--record', trace, '--session-keys', keys];
    const read = await vitap(
      'apdu',
      ...TO,
      ...channel,
      'secure open',
      `${EID}=9000`,
      ...DATA_GROUPS.map((each) => `${each}=9000`),
    );
    expect(read.err).toBe('');
    expect(read.exit).toBe(0);
    for (const secret of PERSONAL) expect(read.out).toContain(toHex(Buffer.from(secret)));
    const text = readFileSync(trace, 'utf8');
    expect(text).not.toContain('XX');
    for (const secret of [...PERSONAL, CAN, PIN]) {
      for (const encoded of inAllEncodings(secret)) expect([encoded, text.includes(encoded)]).toEqual([encoded, false]);
    }

    const shown = await vitap('trace', 'show', trace, '--keys', keys, '--keep-secrets', '--full');
    expect(shown.err).toMatch(/^(\d+) of \1 protected commands were opened/);
    for (const secret of PERSONAL) expect(shown.out).toContain(toHex(Buffer.from(secret)));

    const again = await vitap(
      'replay',
      trace,
      ...TO,
      '--can-file',
      file('can'),
      '--terminal-keys',
      'test',
      '--keys',
      keys,
    );
    expect(again.err).toBe('');
    expect(again.exit).toBe(0);
  });

  it('reads all of apcv after the holder’s unlock; no name, NIR or code is in the trace; its keys show it again', async () => {
    const { card: opened } = await openCard({ kind: 'profile', name: 'apcv' });
    card = await serveOnVpcd(opened.port('contactless'), { interface: 'contactless' });
    const unlocked = new PhoneScreen(opened).unlock(Buffer.from(HOLDER_CODE));
    expect(unlocked.outcome).toBe('unlocked');
    writeFileSync(file('apcv-can'), APCV_CAN, { mode: 0o600 });
    const [trace, keys] = [file('apcv.jsonl'), file('apcv.keys')];
    const channel = ['--can-file', file('apcv-can'), '--terminal-keys', 'test'];
    const read = await vitap('tap', ...TO, ...channel, '--record', trace, '--session-keys', keys);
    expect([read.exit, read.err]).toEqual([0, '']);
    for (const name of ['ZOE ADRUN', 'PIERRE-ALAIN ECETINSI', 'MICHELANGELO NESSI', 'CABINET DES TILLEULS']) {
      expect(read.out).toContain(name);
    }
    const text = readFileSync(trace, 'utf8');
    for (const secret of [...APCV_SECRETS, APCV_CAN, HOLDER_CODE]) {
      for (const encoded of inAllEncodings(secret)) expect([encoded, text.includes(encoded)]).toEqual([encoded, false]);
    }
    const shown = await vitap('trace', 'show', trace, '--keys', keys, '--keep-secrets', '--full');
    expect(shown.err).toMatch(/^(\d+) of \1 protected commands were opened/);
    for (const secret of APCV_SECRETS) expect(shown.out).toContain(toHex(Buffer.from(secret)));
  });

  it('a copy of a card, which has not its key, is refused', async () => {
    writeFileSync(file('own'), OWN_CAN, { mode: 0o600 });
    const channel = ['--can-file', file('own'), '--terminal-keys', 'test', '--sequence', 'own'];
    await insert({ kind: 'image', fileOrName: writeOwnCard(file('copy.img'), { copied: true }) });
    const ran = await vitap('tap', ...TO, ...channel);
    expect(ran.exit).toBe(1);
    expect(ran.err).toBe(
      'vitap: the card does not prove the key of EF.CardSecurity, so it may be a copy: chip authentication, key agreement: the chip does not have the key that it shows\n',
    );
    expect(ran.out).not.toContain(PERSON);
  });

  it('a relay opens the channel for a terminal that knows none, and records what crossed to the card', async () => {
    await insert({ kind: 'profile', name: 'eac' });
    const trace = file('relay.jsonl');
    const options = ['--can-file', file('can'), '--terminal-keys', 'test', '--to', `vpcd:127.0.0.1:${VPCD_PORT + 1}`];
    const relay = spawn(process.execPath, [PROGRAM, 'record', trace, ...TO, ...options], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    relay.stderr.on('data', (text: Buffer) => {
      said += text.toString();
    });
    try {
      await vi.waitFor(() => expect(said).toContain('is at vpcd'), 20_000);
      const read = await vitap('apdu', '--reader', `pcsc:${SLOTS[1]}`, '00B0850000=9000', '80B0850000=6E00');
      expect(read.exit).toBe(0);
      expect(read.out).toContain(toHex(Buffer.from(TEXT)));
    } finally {
      const gone = once(relay, 'exit');
      relay.kill('SIGINT');
      await gone;
      await slotIsEmpty(1);
    }
    expect(said).toContain('The relay opened a secure channel: PACE with the CAN');
    const text = readFileSync(trace, 'utf8');
    expect(text).toContain('"apdu":"0CB085000D');
    expect(text).not.toContain(toHex(Buffer.from(TEXT)));
    expect(text).not.toContain('"00B0850000"');
  });

  /** `vitap replay --as-card` in the first slot, until the terminal has gone. */
  async function playedTo(words: readonly string[], terminal: () => ReturnType<typeof run>) {
    const as = ['--as-card', '--link', 'vpcd', '--once', '--json', '--can-file', file('can')];
    const player = spawn(process.execPath, [PROGRAM, 'replay', ...words, ...as], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { out: '', err: '' };
    player.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
    player.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
    const gone = once(player, 'exit');
    try {
      await cardIsIn();
      const program = await terminal();
      const [exit] = (await gone) as [number | null];
      return { exit, program, err: said.err, result: JSON.parse(said.out) as ReplayResult };
    } finally {
      player.kill('SIGKILL');
      await gone;
      await slotIsEmpty();
    }
  }

  it.each([
    { terminal: 'PACE alone, with the chip authentication mapping', keys: [] },
    { terminal: 'terminal and chip authentication', keys: ['--terminal-keys', 'test'] },
  ])('a recorded tap, played as the card, is the card to another tap: $terminal', async ({ keys }) => {
    const [trace, sessionKeys] = [file('tap.jsonl'), file('tap.keys')];
    const tap = (...more: string[]): ReturnType<typeof run> =>
      vitap('tap', ...TO, '--can-file', file('can'), ...keys, ...more);
    await insert({ kind: 'profile', name: 'eac' });
    const live = await tap('--record', trace, '--session-keys', sessionKeys);
    await card?.remove();
    card = null;
    const channel = (out: string): string => /^Channel[\s\S]*?\n\n/m.exec(out)?.[0] ?? '';
    expect(channel(live.out)).toContain('the card is genuine by chip authentication');

    const { exit, program, err, result } = await playedTo([trace, '--keys', sessionKeys, '--profile', 'eac'], () =>
      tap(),
    );
    expect([program.exit, program.err]).toEqual([live.exit, live.err]);
    expect(channel(program.out)).toBe(channel(live.out));
    expect(err).toBe('');
    expect(result).toMatchObject({ verdict: 'PASS', warnings: [], counts: { FAIL: 0, INCONCLUSIVE: 0, SKIPPED: 0 } });
    expect(exit).toBe(0);
  });

  it('a terminal that sends another plain command in its channel fails, and one sentence says what no trace has', async () => {
    const [trace, sessionKeys] = [file('text.jsonl'), file('text.keys')];
    const asked = (...commands: string[]): ReturnType<typeof run> =>
      vitap('apdu', ...TO, '--can-file', file('can'), '--terminal-keys', 'test', 'secure open', ...commands);
    await insert({ kind: 'profile', name: 'eac' });
    expect((await asked('00B0850000=9000', '--record', trace, '--session-keys', sessionKeys)).err).toBe('');
    await card?.remove();
    card = null;

    const other = await playedTo([trace, '--keys', sessionKeys, '--profile', 'eac'], () => asked('00B08E0000=6F00'));
    expect([other.program.exit, other.exit]).toEqual([0, 1]);
    expect(other.result.exchanges.filter(({ verdict }) => verdict === 'FAIL')).toMatchObject([
      { command: '00B08E0000', recordedCommand: '00B0850000' },
      { command: '00B0850000', divergence: { kind: 'missing' } },
    ]);

    const without = await playedTo([trace, '--keys', sessionKeys], () => asked('00B0850000'));
    expect([without.program.exit, without.exit]).toEqual([1, 2]);
    expect(without.result).toMatchObject({ verdict: 'INCONCLUSIVE', counts: { FAIL: 0, INCONCLUSIVE: 1 } });
    expect(without.err).toBe(
      "vitap: chip authentication needs the chip's private key, which no trace has: name the card's profile with --profile\n",
    );
  });

  it('a wrong CAN is one sentence', async () => {
    await insert({ kind: 'profile', name: 'eac' });
    writeFileSync(file('wrong'), '500541', { mode: 0o600 });
    const { exit, err } = await vitap('tap', ...TO, '--can-file', file('wrong'));
    expect([exit, err]).toEqual([1, 'vitap: the CAN is wrong\n']);
  });
});

describeNeeds(LIBEAC, 'the chip of libeac, which others wrote', () => {
  let chip: LibeacChip;
  let programs: ReturnType<typeof compileLibeac>;
  beforeAll(async () => {
    await started();
    programs = compileLibeac(folder);
    writeChip(file('chip'));
    writeFileSync(file('chip-can'), CHIP_CAN, { mode: 0o600 });
  });
  afterAll(ended);
  beforeEach(async () => {
    chip = await LibeacChip.insert(programs.chip, file('chip'));
  });
  afterEach(() => chip.remove());

  describe('our reader', () => {
    const words = (...more: string[]): string[] => [
      'apdu',
      '--reader',
      `pcsc:${SLOTS[0]}`,
      '--channel-file',
      file('chip-can'),
      ...more,
    ];

    it('opens PACE, terminal and chip authentication on it, and reads what is behind them', async () => {
      const { exit, out, err } = await vitap(
        ...words('--terminal-keys', 'test', '00B0850018=6982', 'secure open', '00B0850018=9000'),
      );
      expect(err).toBe('');
      expect(exit).toBe(0);
      expect(out).toContain('the card is genuine by chip authentication; its key is signed by ');
      expect(out).toContain(toHex(Buffer.from(CHIP_SECRET)));
    });

    it('without a terminal’s keys reads nothing', async () => {
      const { exit, out } = await vitap(...words('secure open', '00B0850018=6982'));
      expect(exit).toBe(0);
      expect(out).toContain('the card did not prove that it is no copy');
    });

    it('hears that its CAN is wrong', async () => {
      writeFileSync(file('no-can'), '123123', { mode: 0o600 });
      const { exit, err } = await vitap(
        'apdu',
        '--reader',
        `pcsc:${SLOTS[0]}`,
        '--can-file',
        file('no-can'),
        'secure open',
      );
      expect([exit, err]).toEqual([1, 'vitap: the CAN is wrong\n']);
    });
  });
});
