import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CardSource } from '../../../../rig/card/card-source.ts';
import { type ChannelRequest, openChannel } from '../../../../rig/channel/open-channel.ts';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import type { ReplayEntry } from '../../../../rig/judge/replay/model.ts';
import { openPlayedChip, playedSource } from '../../../../rig/judge/replay/played-chip.ts';
import { loadSession } from '../../../../rig/judge/replay/recorded-session.ts';
import { ReplayedCard } from '../../../../rig/judge/replay/replayed-card.ts';
import { TerminalJudge } from '../../../../rig/judge/replay/terminal-judge.ts';
import { openTraceFile } from '../../../../rig/judge/replay/trace-file.ts';
import { makeRoot, matchingHash } from '../../../../rig/pki/holder.ts';
import { testPrivateKey, testTerminalKeys } from '../../../../rig/pki/test-hierarchy.ts';
import { fromHex, toHex } from '../../../../src/apdu/hex.ts';
import { createLoopback } from '../../../../src/hal/loopback/index.ts';
import { nobleCrypto } from '../../../../src/hal/noble/index.ts';
import type { CardSession } from '../../../../src/hal/reader.ts';
import { systemClock } from '../../../../src/hal/system/clock.ts';
import { systemRandom } from '../../../../src/hal/system/random.ts';
import { authorizationOf, rightsOfType } from '../../../../src/secure-channel/index.ts';
import { putOnLink } from '../../../contract/served-link.ts';
import { fakeIo } from '../../console/fake-io.ts';

// Each run has PACE, and most terminal and chip authentication too, on both sides.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Of profile eac. */
const [CAN, PIN] = ['500540', '123456'];
const EID = '00A4040C09E80704007F00070302';
const [GIVEN_NAMES, FAMILY_NAMES] = ['00B0840000', '00B0850000'];
const crypto = nobleCrypto();
const EAC: CardSource = { kind: 'profile', name: 'eac' };

let folder: string;
const file = (name: string): string => join(folder, name);

async function vitap(env: Record<string, string>, ...words: string[]) {
  const io = fakeIo({ env });
  const exit = await runCommandLine(words, '0', VERBS, io);
  return { exit, out: io.out.join(''), err: io.err.join('') };
}

/** A terminal at the shipped card, its trace and its session keys in `NAME.jsonl` and `NAME.keys`. */
async function record(name: string, ...words: string[]): Promise<void> {
  const files = ['--record', file(`${name}.jsonl`), '--session-keys', file(`${name}.keys`)];
  const { exit, err } = await vitap({ VITAP_CAN: CAN, VITAP_PIN: PIN }, 'apdu', '--profile', 'eac', ...files, ...words);
  expect([err, exit]).toEqual(['', 0]);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-played-'));
  writeFileSync(file('can'), CAN);
  // EF.CardSecurity by its short identifier and Le 00: its first 256 bytes do not fit one protected answer.
  await record('read', '--terminal-keys', 'test', 'secure open', '00B09D0000', EID, GIVEN_NAMES, FAMILY_NAMES);
  // Without a terminal's keys: with the chip authentication mapping.
  await record('both', '--terminal-keys', 'test', 'secure can', 'secure pin', '00B0850000');
  await record('pin', '--channel', 'pin', 'secure open', '00B0850000');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Play {
  readonly trace?: string;
  readonly card?: CardSource | null;
  readonly can?: string;
  /** Opens with the PIN, and not the CAN. */
  readonly pin?: boolean;
  readonly keepSecrets?: boolean;
  /** Opens a second channel inside the first. */
  readonly after?: ChannelRequest['password'] | null;
  readonly match?: 'order' | 'best';
  readonly terminal?: ChannelRequest['terminal'];
  /** Sent through the channel once it is open; what stands after `clear ` goes in clear, after `broken ` with a wrong MAC. */
  readonly send?: readonly string[];
}

/** The trace is played, and a terminal of the bench taps what plays it. */
async function play({
  trace = 'read',
  card = EAC,
  can = CAN,
  pin = false,
  keepSecrets = true,
  after = null,
  match = 'order',
  terminal,
  send = READ,
}: Play = {}) {
  const io = fakeIo({ env: { VITAP_CAN: CAN, VITAP_PIN: PIN } });
  const opened = await openTraceFile(file(`${trace}.jsonl`), null);
  const keys = file(`${trace}.keys`);
  const session = await loadSession(await playedSource(opened.source, keys, { protected: 0, opened: 0 }));
  await opened.close();
  const chip = await openPlayedChip({ trace, keys, card }, session, io);
  const entries: ReplayEntry[] = [];
  const played = new ReplayedCard({
    atr: fromHex('3B80800101'),
    rules: null,
    judge: new TerminalJudge(session.exchanges, match),
    channel: chip?.channel ?? null,
    otherwise: fromHex('6F00'),
    responseTime: 'none',
    clock: systemClock,
    keepSecrets,
    onEntry: (entry) => entries.push(entry),
    onSessionEnd: () => {},
  });
  const { link, reader } = createLoopback({ interface: 'contactless', clock: systemClock });
  const served = putOnLink(link, played);
  const wire: string[] = [];
  const raw = await reader.connect({ timeoutMs: 1000 });
  const answers: string[] = [];
  const watched: CardSession = {
    reader: raw.reader,
    atr: raw.atr,
    protocol: raw.protocol,
    reset: (mode) => raw.reset(mode),
    control: (code, data) => raw.control(code, data),
    disconnect: (disposition) => raw.disconnect(disposition),
    async transmit(command) {
      const exchange = await raw.transmit(command);
      wire.push(toHex(command), toHex(exchange.response));
      return exchange;
    },
  };
  let failure: string | null = null;
  try {
    const request: ChannelRequest = {
      crypto,
      random: systemRandom,
      clock: systemClock,
      password: { name: pin ? 'PIN' : 'CAN', bytes: new TextEncoder().encode(pin ? PIN : can) },
      terminal: terminal === undefined ? testTerminalKeys(crypto) : terminal,
      readCardSecurity: async (content) => {
        const { readSignedInfos } = await import('../../../../rig/channel/card-security.ts');
        return readSignedInfos(content, [], new Date());
      },
    };
    const channel = await openChannel(watched, request);
    const inner =
      after === null ? channel : await openChannel(channel.session, { ...request, password: after, terminal: null });
    for (const each of send) {
      const [, how, hex = ''] = /^(clear |broken |)(.*)$/.exec(each) as RegExpExecArray;
      const way = how === '' ? inner.session : watched;
      answers.push(toHex((await way.transmit(fromHex(hex))).response));
    }
  } catch (error) {
    failure = (error as Error).message;
  } finally {
    await raw.disconnect('unpower').catch(() => {});
    await served.remove();
    played.end();
    chip?.wipe();
  }
  return {
    entries,
    answers,
    wire,
    failure,
    warnings: chip?.warnings ?? [],
    bad: entries.filter(({ verdict }) => verdict !== 'PASS'),
    notes: entries.flatMap(({ problem }) => problem ?? []),
  };
}

/** What the terminal of the trace `read` sent inside its channel. */
const READ = ['00B09D0000', EID, GIVEN_NAMES, FAMILY_NAMES];
const text = (words: string): string => toHex(new TextEncoder().encode(words));

describe('a recorded channel, played to a terminal with keys of its own', () => {
  it('opens with PACE, terminal and chip authentication, and gives the recorded plain answers', async () => {
    const { entries, bad, notes, answers, wire, failure } = await play();
    expect(failure).toBeNull();
    expect({ bad, notes }).toEqual({ bad: [], notes: [] });
    expect(entries.map(({ index }) => index)).toEqual(Array.from(entries, (_, i) => i + 1));
    // 256 bytes of EF.CardSecurity, by 61xx and GET RESPONSE.
    expect(answers[0]).toHaveLength(2 * 258);
    expect(answers[0]).toMatch(/^3082.*9000$/);
    expect(answers[2]).toContain(text('ZOE'));
    expect(answers[3]).toContain(text('ADRUN'));
    // Nothing of it crossed in clear.
    for (const secret of ['ZOE', 'ADRUN', CAN]) expect(wire.join(' ')).not.toContain(text(secret));
  });

  it('has other keys and another challenge each time, and neither is that of the trace', async () => {
    const [first, second] = [await play(), await play()];
    const fresh = ({ entries }: typeof first): (string | null)[] =>
      entries.filter(({ expected }) => expected?.includes('X')).map(({ got }) => got);
    // Nonce, mapping, key and token of PACE; the challenge; nonce and token of chip authentication.
    expect(fresh(first)).toHaveLength(6);
    const recorded = readFileSync(file('read.jsonl'), 'utf8');
    for (const [i, got] of fresh(first).entries()) {
      expect(got).not.toBe(fresh(second)[i]);
      expect(recorded).not.toContain(got);
    }
  });

  it('shows of the person no more than a replay in clear', async () => {
    const { entries, answers } = await play({ keepSecrets: false });
    expect(answers.join()).toContain(text('ADRUN'));
    const shown = JSON.stringify(entries);
    for (const secret of ['ZOE', 'ADRUN', CAN]) expect([secret, shown.includes(text(secret))]).toEqual([secret, false]);
  });

  it('takes a trace in which a random value looked like a secret and was masked in part', async () => {
    const lines = readFileSync(file('read.jsonl'), 'utf8').split('\n');
    // The terminal's mapping key: its last byte, as a trace masks it.
    const at = lines.findIndex((line) => line.includes('"10860000457C438141'));
    const event = JSON.parse(lines[at] as string) as { apdu: string };
    const apdu = event.apdu.replace(/..00$/, 'XX00');
    lines[at] = JSON.stringify({ ...event, apdu, masks: [{ offset: 73, length: 1, what: 'name' }] });
    writeFileSync(file('masked.jsonl'), lines.join('\n'));
    writeFileSync(file('masked.keys'), readFileSync(file('read.keys')));
    expect(await play({ trace: 'masked' })).toMatchObject({ failure: null, bad: [] });
  });

  it('another plain command fails, and both are named', async () => {
    const { bad, answers } = await play({ send: ['00B09D0000', EID, '00B0880000', FAMILY_NAMES] });
    expect(answers).toMatchObject({ 2: '6F00' });
    expect(bad).toMatchObject([
      {
        index: null,
        name: 'READ BINARY',
        command: '00B0880000',
        recordedCommand: GIVEN_NAMES,
        divergence: {
          kind: 'command',
          where: expect.stringMatching(/^instead of exchange \d+, READ BINARY: P1 differs$/),
        },
      },
      { command: GIVEN_NAMES, divergence: { kind: 'missing' } },
    ]);
  });

  it('the same command in clear fails, and gets nothing', async () => {
    const { bad, answers } = await play({ send: ['00B09D0000', EID, `clear ${GIVEN_NAMES}`] });
    expect(answers[2]).toBe('6F00');
    expect(bad[0]?.divergence?.where).toMatch(
      /^in clear: exchange \d+, READ BINARY, is through the channel in the trace$/,
    );
  });

  it('a command that no channel opens fails with the status word of a card', async () => {
    const sealed = '0CB084000D9701008E08010203040506070800';
    const wrong = await play({ send: [`clear ${sealed}`] });
    expect(wrong.answers).toEqual(['6988']);
    expect(wrong.bad[0]?.divergence?.where).toBe(
      'its protection is wrong (6988): it was changed, or is of another channel',
    );
    const after = await play({ send: [`clear ${EID}`, `clear ${sealed}`] });
    expect(after.answers[1]).toBe('6882');
    expect(after.bad.map(({ divergence }) => divergence?.where)).toContain('it came protected, and no channel is open');
  });

  it('in any order, too', async () => {
    const { bad, answers } = await play({ match: 'best', send: [EID, FAMILY_NAMES, GIVEN_NAMES] });
    expect(bad).toEqual([]);
    expect(answers[1]).toContain(text('ADRUN'));
  });

  it('a terminal with another code fails at its token', async () => {
    const { bad, failure } = await play({ can: '111111' });
    expect(failure).toBe('the CAN is wrong');
    expect(bad[0]).toMatchObject({
      name: 'GENERAL AUTHENTICATE',
      got: '6300',
      divergence: {
        kind: 'status',
        expected: '9000',
        got: '6300',
        where: 'its token of PACE is wrong: it has another code than the one that was given here',
      },
    });
  });

  it('a terminal without the key of its certificate fails at its signature', async () => {
    const keys = testTerminalKeys(crypto);
    const { curve } = keys.key;
    const other = { ...keys, key: { ...keys.key, privateKey: testPrivateKey(crypto, curve, 'somebody else') } };
    const { bad } = await play({ terminal: other });
    expect(bad[0]).toMatchObject({
      name: 'EXTERNAL AUTHENTICATE',
      got: '6300',
      divergence: { where: 'its signature is wrong: it does not have the key of its certificate' },
    });
  });

  it('without the root a signature is accepted, and the verdict says so', async () => {
    const privateKey = testPrivateKey(crypto, 'P-256', 'another root');
    const root = makeRoot(
      crypto,
      {
        name: 'FROTHERCVCA00001',
        privateKey,
        authorization: authorizationOf('AT', 'CVCA', rightsOfType('AT')),
        validity: { from: 200101, to: 991231 },
      },
      { curve: 'P-256', hash: matchingHash('P-256') },
    );
    const profile = readFileSync(new URL('../../../../profiles/eac.yaml', import.meta.url), 'utf8');
    writeFileSync(file('other.yaml'), profile.replace('roots: [test]', `roots: ["${toHex(root.certificate)}"]`));
    const { bad, notes } = await play({ card: { kind: 'profile', name: file('other.yaml') } });
    expect(bad).toEqual([]);
    expect(notes).toEqual(["the terminal's signature was not checked: the key of FRVITAPCVCA00001 is not known here"]);
  });

  it("without the chip's private key it ends there, and nothing after that is the terminal's fault", async () => {
    const { entries, bad, failure } = await play({ card: null });
    const why =
      "chip authentication needs the chip's private key, which no trace has: name the card's profile with --profile";
    expect(failure).toContain('6A88');
    expect(bad[0]).toMatchObject({ name: 'MANAGE SECURITY ENVIRONMENT', verdict: 'INCONCLUSIVE', problem: why });
    expect(bad.slice(1).map(({ verdict, problem }) => [verdict, problem])).toEqual(
      Array(bad.length - 1).fill(['SKIPPED', why]),
    );
    expect(bad.length).toBeGreaterThan(1);
    expect(entries.some(({ verdict }) => verdict === 'FAIL')).toBe(false);
  });

  it('the key of a profile that is not that of the recorded card is not used, and that is said', async () => {
    const profile = readFileSync(new URL('../../../../profiles/eac.yaml', import.meta.url), 'utf8');
    const name = file('another.yaml');
    // Test keys come from the name of the profile.
    writeFileSync(name, profile.replace('profile: eac', 'profile: another'));
    const { bad, warnings } = await play({ card: { kind: 'profile', name } });
    expect(warnings).toEqual([`${name} has a private key that is not that of the recorded card: it is not used`]);
    expect(bad[0]?.verdict).toBe('INCONCLUSIVE');
    const none = await play({ card: { kind: 'profile', name: 'ndef' } });
    expect(none.warnings).toEqual(['ndef has no private key for chip authentication']);
  });

  it('PACE with the chip authentication mapping has that key too, and without it is no fault of the terminal', async () => {
    const send = ['00B0850000'];
    expect(await play({ trace: 'pin', pin: true, terminal: null, send })).toMatchObject({
      bad: [],
      answers: [`${text('Vitap: a channel is open')}9000`],
    });
    const { bad, entries } = await play({ trace: 'pin', pin: true, terminal: null, send, card: null });
    expect(bad[0]).toMatchObject({
      verdict: 'INCONCLUSIVE',
      problem: "this PACE needs the chip's private key, which no trace has: name the card's profile with --profile",
    });
    expect(entries.some(({ verdict }) => verdict === 'FAIL')).toBe(false);
  });
});

describe('a channel that is opened inside another', () => {
  it('takes the second code, and its keys count from the next command on', async () => {
    const after = { name: 'PIN', bytes: new TextEncoder().encode(PIN) } as const;
    const { bad, failure, answers } = await play({ trace: 'both', after, send: ['00B0850000'] });
    expect({ bad, failure }).toEqual({ bad: [], failure: null });
    expect(answers).toEqual([`${text('Vitap: a channel is open')}9000`]);
  });
});

describe('vitap replay --as-card --keys, before it waits for a terminal', () => {
  const asCard = (env: Record<string, string>, trace: string, ...words: string[]) =>
    vitap(env, 'replay', file(`${trace}.jsonl`), '--as-card', '--for', '1', ...words);
  const keys = (name: string): string[] => ['--keys', file(`${name}.keys`)];

  it('wants the code', async () => {
    expect((await asCard({}, 'read', ...keys('read'))).err).toMatch(
      /^vitap: exchange \d+ opens a channel with the CAN, which is needed: --can-file FILE or VITAP_CAN\n$/,
    );
    const { exit, err } = await asCard({ VITAP_CAN: CAN }, 'pin', ...keys('pin'));
    expect(err).toMatch(
      /^vitap: exchange \d+ opens a channel with the PIN, which is needed: --channel pin or VITAP_PIN\n$/,
    );
    expect(exit).toBe(2);
  });

  it('says which options do not go together', async () => {
    const words = ['--can-file', file('can')];
    for (const [given, said] of [
      [words, '--can-file goes with --as-card only where --keys opens the channels of the trace'],
      [['--profile', 'eac'], '--profile goes with --as-card only where --keys opens the channels of the trace'],
      [
        [...words, ...keys('read'), '--terminal-keys', 'test'],
        '--terminal-keys does not go with --as-card: the terminal has its own',
      ],
      [[...words, ...keys('pin')], 'they open nothing in it'],
    ] as const) {
      const { exit, err } = await asCard({}, 'read', ...given);
      expect(err).toContain(said);
      expect([exit, err.trim().split('\n').length]).toEqual([2, 1]);
    }
  });

  it('says that there is no channel in the trace', async () => {
    const trace = file('plain.jsonl');
    await vitap({}, 'apdu', '--profile', 'eac', '--record', trace, '00A4000C023F00');
    const { exit, err } = await vitap({ VITAP_CAN: CAN }, 'replay', trace, '--as-card', ...keys('read'));
    expect([exit, err]).toEqual([2, expect.stringContaining('nothing in the trace is protected')]);
  });
});
