import { beforeEach, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { fakeIo } from '../../console/fake-io.ts';

/** What the verbs' actions were given; the actions themselves stand still. */
const { given, stand } = vi.hoisted(() => {
  const calls: unknown[] = [];
  return {
    given: calls,
    stand: (name: string) => ({
      [name]: async (options: unknown): Promise<number> => {
        calls.push(options);
        return 0;
      },
    }),
  };
});
vi.mock('../../../../rig/tap/tap.ts', () => stand('tap'));
vi.mock('../../../../rig/emulate/emulate.ts', () => stand('emulate'));
vi.mock('../../../../rig/card/build.ts', () => stand('buildCard'));
vi.mock('../../../../rig/card/show.ts', () => stand('showCard'));
vi.mock('../../../../rig/card/commands.ts', () => stand('listCommands'));
vi.mock('../../../../rig/card/explain-command.ts', () => stand('explainCommand'));
vi.mock('../../../../rig/measure/apdu.ts', () => stand('benchApdu'));
vi.mock('../../../../rig/measure/core.ts', () => stand('benchCore'));
vi.mock('../../../../rig/measure/crowd.ts', () => stand('benchCrowd'));
vi.mock('../../../../rig/measure/crypto/bench.ts', () => stand('benchCrypto'));
vi.mock('../../../../rig/measure/soak.ts', () => stand('benchSoak'));
vi.mock('../../../../rig/measure/compare/commands.ts', () => stand('benchCompare'));
vi.mock('../../../../rig/measure/compare/peer.ts', () => stand('benchPeer'));
vi.mock('../../../../rig/command/demo/demo.ts', () => stand('runDemo'));

beforeEach(() => {
  given.length = 0;
});

async function run(line: string): Promise<{ exitCode: number; options: unknown; err: string }> {
  const io = fakeIo();
  const exitCode = await runCommandLine(line.split(' '), '0.0.0', VERBS, io);
  return { exitCode, options: given[0], err: io.err.join('') };
}

const noPin = { file: null, ask: false };
const noChannel = { code: null, codeFile: null, terminalKeys: null, sessionKeys: null };
const noRecord = { file: null, keepSecrets: false };

describe('tap', () => {
  const plain = {
    reader: { driver: 'pcsc', name: null },
    card: null,
    interface: null,
    sequence: 'all',
    pin: noPin,
    channel: noChannel,
    record: noRecord,
    explain: false,
    timeoutMs: 10_000,
  };
  const vitale = { kind: 'profile', name: 'vitale2' };

  it.each([
    ['tap', {}],
    ['tap --reader pcsc', {}],
    ['tap --reader pcsc:ACR122 --timeout 2.5', { reader: { driver: 'pcsc', name: 'ACR122' }, timeoutMs: 2500 }],
    ['tap --profile vitale2', { reader: { driver: 'loopback' }, card: vitale }],
    [
      'tap --reader loopback --image apcv.img --interface wired',
      { reader: { driver: 'loopback' }, card: { kind: 'image', fileOrName: 'apcv.img' }, interface: 'wired' },
    ],
    ['tap --sequence identity --pin', { sequence: 'identity', pin: { file: null, ask: true } }],
    ['tap --explain', { explain: true }],
    ['tap --plan minimal', { plan: 'minimal' }],
    ['tap --sequence own --plan classic', { sequence: 'own', plan: 'classic' }],
    ['tap --pin-file code --json', { pin: { file: 'code', ask: false } }],
    ['tap --can-file can', { channel: { ...noChannel, code: 'can', codeFile: 'can' } }],
    ['tap --channel pin --terminal-keys test', { channel: { ...noChannel, code: 'pin', terminalKeys: 'test' } }],
    ['tap --channel-file can', { channel: { ...noChannel, code: 'can', codeFile: 'can' } }],
    [
      'tap --record t.jsonl --session-keys k.json',
      { record: { ...noRecord, file: 't.jsonl' }, channel: { ...noChannel, sessionKeys: 'k.json' } },
    ],
    ['tap --record t.jsonl --keep-secrets', { record: { file: 't.jsonl', keepSecrets: true } }],
  ])('%s', async (line, change) => {
    const { exitCode, options, err } = await run(line);
    expect(err.replace(/^SECRETS KEPT: .*\n/, '')).toBe('');
    expect(exitCode).toBe(0);
    expect(options).toEqual({ ...plain, ...change });
  });

  it.each([
    ['tap --reader loopback', 'name one with --profile or --image'],
    ['tap --reader pcsc --profile vitale2', '--reader loopback'],
    ['tap --reader pn532:/dev/ttyUSB0 --profile vitale2', '--reader loopback'],
    ['tap --reader acr122:ACR122U --interface contact', 'a PN532 has an interface of its own'],
    ['tap --interface contact', '--interface goes with a card of ours'],
    ['tap --profile a --image b', 'two cards'],
    ['tap --reader usb', 'A reader is loopback'],
    ['tap --sequence none', 'Allowed choices are all, own, identity'],
    ['tap --profile a --interface radio', 'Allowed choices are contact, contactless, wired'],
    ['tap --timeout soon', 'seconds'],
    ['tap --pin --pin-file x', 'give one of them'],
    ['tap --can-file a --channel-file b', 'give one of them'],
    ['tap --can-file a --channel pin', 'give one of them'],
    ['tap --channel code', 'Allowed choices are can, pin, puk, mrz'],
    ['tap --session-keys k.json', 'give --record FILE too'],
    ['tap --keep-secrets', '--record'],
    ['tap --plan fastest', 'Allowed choices are classic, minimal'],
    ['tap --plan minimal --sequence pointers', 'it goes with --sequence own or all'],
  ])('%s is refused', async (line, words) => {
    const { exitCode, options, err } = await run(line);
    expect(exitCode).toBe(2);
    expect(options).toBeUndefined();
    expect(err).toContain(words);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('emulate', () => {
  const plain = {
    link: { driver: 'vpcd', host: '127.0.0.1', port: 35963 },
    card: { kind: 'profile', name: 'vitale2' },
    interface: null,
    unlock: false,
    pin: noPin,
    wait: false,
    record: noRecord,
  };

  it.each([
    ['emulate --link vpcd --profile vitale2', {}],
    [
      'emulate --link vpcd:192.0.2.7:35964 --image apcv.img --interface contact --unlock --pin-file c --wait --record r',
      {
        link: { driver: 'vpcd', host: '192.0.2.7', port: 35964 },
        card: { kind: 'image', fileOrName: 'apcv.img' },
        interface: 'contact',
        unlock: true,
        pin: { file: 'c', ask: false },
        wait: true,
        record: { file: 'r', keepSecrets: false },
      },
    ],
    // The board has a card of its own.
    [
      'emulate --link pn532:/dev/ttyUSB0',
      { link: { driver: 'pn532', path: '/dev/ttyUSB0', baudRate: null, raw: false }, card: null },
    ],
  ])('%s', async (line, change) => {
    const { exitCode, options } = await run(line);
    expect(exitCode).toBe(0);
    expect(options).toEqual({ ...plain, ...change });
  });

  it.each([
    ['emulate --link vpcd', 'which card?'],
    ['emulate --link acr122:ACR122U', 'which card?'],
    ['emulate --link pn532 --profile vitale2', 'A link is vpcd'],
  ])('%s is refused', async (line, words) => {
    const { exitCode, err } = await run(line);
    expect(exitCode).toBe(2);
    expect(err).toContain(words);
  });
});

describe('card, bench, demo', () => {
  it.each([
    ['card build', { profiles: [], out: null, seed: null, state: null, force: false }],
    ['card build apcv --force', { profiles: ['apcv'], out: null, seed: null, state: null, force: true }],
    ['card build vitale2 apcv', { profiles: ['vitale2', 'apcv'], out: null, seed: null, state: null, force: false }],
    [
      'card build my.yaml --out my.img --seed one',
      { profiles: ['my.yaml'], out: 'my.img', seed: 'one', state: null, force: false },
    ],
    ['card build eac --state blocked', { profiles: ['eac'], out: null, seed: null, state: 'blocked', force: false }],
    ['card show apcv.img', { card: 'apcv.img' }],
    [
      'card explain lab 00B2012400',
      { card: 'lab', command: Uint8Array.of(0, 0xb2, 1, 0x24, 0), after: [], interface: null, channel: null },
    ],
    [
      'card explain my.img 00c00000 --after 00A40000;00B0 --interface wired',
      {
        card: 'my.img',
        command: Uint8Array.of(0, 0xc0, 0, 0),
        after: [Uint8Array.of(0, 0xa4, 0, 0), Uint8Array.of(0, 0xb0)],
        interface: 'wired',
        channel: null,
      },
    ],
    ['card commands --json', {}],
    [
      'bench apdu',
      {
        reader: null,
        card: { kind: 'profile', name: 'vitale2' },
        count: null,
        csv: false,
        record: { file: null, keepSecrets: false },
      },
    ],
    [
      'bench apdu --profile reference --count 7 --csv',
      { reader: null, card: { kind: 'profile', name: 'reference' }, count: 7, csv: true, record: noRecord },
    ],
    [
      'bench apdu --reader pcsc:ACS --profile reference',
      {
        reader: { driver: 'pcsc', name: 'ACS' },
        card: { kind: 'profile', name: 'reference' },
        count: null,
        csv: false,
        record: noRecord,
      },
    ],
    ['bench compare --a true --b false', { a: 'true', b: 'false', rounds: 12, warmUp: 1, failIfSlower: null }],
    [
      'bench compare --a true --b false --rounds 9 --warm-up 0 --fail-if-slower 2.5%',
      { a: 'true', b: 'false', rounds: 9, warmUp: 0, failIfSlower: 0.025 },
    ],
    [
      'bench peer --peer echo',
      {
        card: { kind: 'profile', name: 'reference' },
        peer: null,
        count: 100,
        taps: 20,
        rounds: 10,
        failIfSlower: null,
      },
    ],
    [
      'bench peer --peer vpcd:vicc --image my.img --count 5 --taps 2 --rounds 8 --fail-if-slower 10%',
      { card: { kind: 'image', fileOrName: 'my.img' }, peer: 'vicc', count: 5, taps: 2, rounds: 8, failIfSlower: 0.1 },
    ],
    [
      'bench core --count 9',
      { count: 9, files: [10, 100, 1000, 4000], records: [10, 100, 254], boots: [10, 10_000], taps: 1000 },
    ],
    [
      'bench crypto',
      { count: 50, warmUp: 15, curves: ['P-256', 'brainpoolP256r1', 'P-384', 'brainpoolP384r1', 'brainpoolP512r1'] },
    ],
    [
      'bench crypto --count 7 --curve brainpoolp512R1 --curve P-256 --curve p-256',
      { count: 7, warmUp: 15, curves: ['brainpoolP512r1', 'P-256'] },
    ],
    [
      'bench soak',
      {
        reader: { driver: 'loopback' },
        card: { kind: 'profile', name: 'reference' },
        durationMs: 3_600_000,
        perSecond: null,
        timeoutMs: 10_000,
        csv: false,
        record: noRecord,
      },
    ],
    [
      'bench soak --reader pcsc --profile vitale2 --minutes 0.5 --rate 3 --timeout 2 --csv',
      {
        reader: { driver: 'pcsc', name: null },
        card: { kind: 'profile', name: 'vitale2' },
        durationMs: 30_000,
        perSecond: 3,
        timeoutMs: 2000,
        csv: true,
        record: noRecord,
      },
    ],
    [
      'bench crowd --cards 9 --taps 90 --rate 30 --arrivals waiting-room --seed s',
      { profile: 'reference', cards: 9, taps: 90, perSecond: 30, pattern: 'waiting-room', seed: 's' },
    ],
    ['demo', { web: false, pcsc: true, pcscImage: null, record: noRecord }],
    [
      'demo --no-pcsc --record d.jsonl',
      { web: false, pcsc: false, pcscImage: null, record: { file: 'd.jsonl', keepSecrets: false } },
    ],
  ])('%s', async (line, expected) => {
    const { exitCode, options } = await run(line);
    expect(exitCode).toBe(0);
    expect(options).toEqual(expected);
  });

  it.each([
    ['card build --out one.img', '--out names one file'],
    ['card build a b --out one.img', '--out names one file'],
    ['card show', "missing required argument 'card'"],
    ['card explain lab', "missing required argument 'command'"],
    ['card explain lab 00B', 'in hexadecimal'],
    ['card explain lab 00B0 --after 00A4;', 'in hexadecimal'],
    ['card bend', "unknown command 'bend'"],
    ['bench apdu --csv --json', 'two forms'],
    ['bench apdu --count 0', 'whole number'],
    ['bench core --count 0', 'whole number'],
    ['bench crypto --count 0', 'whole number'],
    ['bench crypto --curve secp256k1', 'A curve is one of P-256'],
    ['bench apdu --reader pcsc --image my.img', '--profile says which card'],
    ['bench apdu --redaction-key k', '--record FILE too'],
    ['board flash --board pn532:/p --image i --record d.jsonl', '--verify-with too'],
    ['board flash --board pn532:/p --image i --evidence e --evidence-key k', '--evidence go with --boards'],
    ['board flash --boards all --list l.csv --evidence e', '--evidence FOLDER and --evidence-key FILE go together'],
    ['bench soak --minutes 1 --hours 1', 'give one of them'],
    ['bench soak --minutes 0', 'a number over 0'],
    ['bench soak --reader pcsc --image my.img', '--profile says which card'],
    ['bench soak --csv --json', 'two forms'],
    ['bench crowd --arrivals never', 'Allowed choices'],
    ['bench crowd --cards 0', 'whole number'],
    ['bench crowd --cards 50001', 'at most 50000'],
    ['bench crowd --taps 10000001', 'at most 10000000'],
    ['bench compare --a true', "required option '--b <command>'"],
    ['bench compare --a true --b true --rounds 0', 'whole number'],
    ['bench compare --a true --b true --fail-if-slower 0.05', 'a share in per cent, as 5%'],
    ['bench peer', "required option '--peer <peer>'"],
    ['bench peer --peer pcsc', 'a peer is vpcd:COMMAND, a program that speaks vpcd, or echo'],
    ['bench peer --peer echo --taps 1', '--taps: 2 or more are needed'],
    ['bench peer --peer vpcd:', 'a peer is vpcd:COMMAND'],
    ['bench peer --peer echo --profile a --image b', 'two cards'],
  ])('%s is refused', async (line, words) => {
    const { exitCode, options, err } = await run(line);
    expect(exitCode).toBe(2);
    expect(options).toBeUndefined();
    expect(err).toContain(words);
  });

  it('emulate says its default link as it is written', async () => {
    const io = fakeIo();
    expect(await runCommandLine(['emulate', '--help'], '0.0.0', VERBS, io)).toBe(0);
    expect(io.out.join('').replace(/\s+/g, ' ')).toContain('or a board (default: vpcd)');
  });

  it.each(['card', 'bench'])('%s alone shows its help, exit 2', async (line) => {
    const { exitCode, err } = await run(line);
    expect(exitCode).toBe(2);
    expect(err).toContain(`Usage: vitap ${line}`);
  });
});
