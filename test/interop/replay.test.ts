import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { openCard } from '../../rig/card/open.ts';
import type { ExitCode } from '../../rig/console/io.ts';
import { type ReplayAsCardOptions, replayAsCard } from '../../rig/judge/replay/as-card.ts';
import type { ReplayResult } from '../../rig/judge/replay/model.ts';
import { type ReplayToCardOptions, replay } from '../../rig/judge/replay/replay.ts';
import { synth } from '../../rig/judge/replay/synth.ts';
import { recordLink } from '../../rig/trace/record/record-link.ts';
import { TraceWriter } from '../../rig/trace/writer.ts';
import type { LinkedCard } from '../../src/hal/card-link.ts';
import { nobleCrypto } from '../../src/hal/noble/index.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { VPCD_PORT, VpcdLink } from '../../src/hal/vpcd/index.ts';
import { failureOf, whileServed } from '../contract/served-link.ts';
import { fakeIo } from '../rig/console/fake-io.ts';
import { CARD_KEY, ChallengeCard, HOST_KEY } from '../rig/judge/replay/challenge-card.ts';
import { CODE, run } from './card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, PCSC_STACK } from './real-parts.ts';
import { serveOnVpcd, slotIsEmpty, type VpcdCard } from './vpcd-card.ts';

const SELECT_OWN = '00A404000AF0617043562D454D550100';
const VERIFY = `0020008106${Buffer.from(CODE).toString('hex')}`;
const BENEFICIARY_3 = '00B2031400';
const SESSION = [SELECT_OWN, VERIFY, '00B2010C00', '00B2011400', BENEFICIARY_3, '00B2012400', '00B2092400'];

const openscTool = (commands: readonly string[]): ReturnType<typeof run> =>
  run('opensc-tool', ['-r', '0', '-c', 'default', ...commands.flatMap((command) => ['-s', command])]);

/** pyscard: sends each command, prints each answer in hex on a line. */
const PYSCARD = `
import sys
from smartcard.System import readers
from smartcard.util import toBytes, toHexString
connection = readers()[0].createConnection()
connection.connect()
print(toHexString(connection.getATR()))
for command in sys.argv[1:]:
    data, sw1, sw2 = connection.transmit(toBytes(command))
    print(''.join('%02X' % byte for byte in data + [sw1, sw2]))
connection.disconnect()
`;
const pyscard = (commands: readonly string[]): ReturnType<typeof run> =>
  run('/usr/bin/python3', ['-c', PYSCARD, ...commands]);

describeNeeds([...PCSC_STACK, 'opensc-tool', 'pyscard'], 'replay through pcscd', () => {
  let daemon: Pcscd;
  let folder: string;
  beforeAll(async () => {
    daemon = await Pcscd.start();
  });
  afterAll(() => daemon.stop());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-replay-'));
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true });
    await slotIsEmpty();
  });

  const file = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const secrets = (): string =>
    file('secrets.yaml', `codes: {'81': '${CODE}'}\nkeys: {host: ${HOST_KEY}, card: ${CARD_KEY}}\n`);

  /** What a program does with a card, as a trace. */
  async function recordSession(
    card: LinkedCard,
    program: () => Promise<unknown>,
    keepSecrets = false,
  ): Promise<string> {
    const path = join(folder, 'session.jsonl');
    const link = new VpcdLink({ interface: 'contact', clock: systemClock, port: VPCD_PORT });
    const description = { source: 'a test', backend: 'simulated', reader: link.name, atr: card.atr() } as const;
    const trace = await TraceWriter.create(path, description, { keepSecrets });
    let there = false;
    const use = async (): Promise<void> => {
      await vi.waitFor(() => expect(there).toBe(true), 10_000);
      await program();
    };
    await whileServed(link, card, use, (event) => {
      there ||= event.type === 'attached';
      recordLink(trace, event, card.atr());
    });
    await trace.close();
    await slotIsEmpty();
    return path;
  }

  const vitale = async (profile = 'vitale2'): Promise<LinkedCard> =>
    (await openCard({ kind: 'profile', name: profile })).card.port('contact');

  async function toCard(
    trace: string,
    card: LinkedCard,
    options: Partial<ReplayToCardOptions> = {},
    whenInserted: (inserted: VpcdCard) => void = () => {},
  ): Promise<{ exit: ExitCode; result: ReplayResult; err: string }> {
    const inserted = await serveOnVpcd(card);
    whenInserted(inserted);
    const io = fakeIo({ json: true });
    try {
      const exit = await replay(
        {
          trace,
          from: null,
          reader: { driver: 'pcsc', name: null },
          card: null,
          interface: null,
          rules: null,
          secrets: secrets(),
          keepGoing: false,
          pace: 'fast',
          maxDeviation: null,
          record: { file: null, keepSecrets: false },
          keepSecrets: false,
          timeoutMs: 10_000,
          ...options,
        },
        io,
      );
      return { exit, result: JSON.parse(io.out.join('')) as ReplayResult, err: io.err.join('') };
    } finally {
      await inserted.remove();
    }
  }

  /** Is the card while a program uses it. */
  async function asCard<T>(
    trace: string,
    program: () => Promise<T>,
    options: Partial<ReplayAsCardOptions> = {},
  ): Promise<{ exit: ExitCode; result: ReplayResult; program: T }> {
    const io = fakeIo({ json: true });
    const served = replayAsCard(
      {
        trace,
        from: null,
        rules: null,
        secrets: secrets(),
        link: { driver: 'vpcd', host: '127.0.0.1', port: VPCD_PORT },
        interface: null,
        match: 'order',
        responseTime: 'none',
        once: true,
        forMs: 20_000,
        wait: false,
        record: { file: null, keepSecrets: false },
        keepSecrets: false,
        ...options,
      },
      io,
    );
    // pcscd finds a card within 400 ms; both programs want one that is there.
    const use = async (): Promise<T> => {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return program();
    };
    const outcome = await Promise.race([failureOf(served), use()]);
    const exit = await served;
    return { exit, result: JSON.parse(io.out.join('')) as ReplayResult, program: outcome };
  }

  it('a session of opensc-tool passes at the same card', async () => {
    const trace = await recordSession(await vitale(), () => openscTool(SESSION));
    expect(readFileSync(trace, 'utf8')).toContain('0020008106XXXXXXXXXXXX');
    const { exit, result } = await toCard(trace, await vitale());
    expect(result).toMatchObject({ verdict: 'PASS', counts: { PASS: SESSION.length, FAIL: 0 }, protocol: 'T=1' });
    // PC/SC does not tell a virtual reader from others, and evidence of it is not of hardware.
    expect(result.backend).toBe('simulated');
    expect(exit).toBe(0);
  });

  it.each([
    // What a person's name is, is masked unless the trace keeps secrets; a mask fits any name.
    {
      change: ['usualName: NESSI', 'usualName: NESSY'],
      keepSecrets: true,
      where: 'E2 beneficiary / 84 usual name, byte 5 of 5',
      expected: '4E45535349',
      got: '4E45535359',
    },
    {
      change: ['quality: 6', 'quality: 3'],
      keepSecrets: false,
      where: 'E2 beneficiary / 81 quality, byte 1 of 1',
      expected: '06',
      got: '03',
    },
  ])(
    'one byte of one record changed in the card is named as the field that it is: $where',
    async ({ change: [from, to], keepSecrets, where, expected, got }) => {
      const trace = await recordSession(await vitale(), () => openscTool(SESSION), keepSecrets);
      const profile = readFileSync(new URL('../../profiles/vitale2.yaml', import.meta.url), 'utf8');
      const at = profile.lastIndexOf(from as string);
      const changed = file(
        'changed.yaml',
        profile.slice(0, at) + profile.slice(at).replace(from as string, to as string),
      );
      const { exit, result } = await toCard(trace, await vitale(changed), { keepSecrets });
      expect(exit).toBe(1);
      expect(result).toMatchObject({ verdict: 'FAIL', firstDivergence: 5, counts: { PASS: 4, FAIL: 1, SKIPPED: 2 } });
      expect(result.exchanges[4]?.divergence).toMatchObject({ where, expected, got });
    },
  );

  it('serves opensc-tool and pyscard the recorded session', async () => {
    const trace = await recordSession(await vitale(), () => openscTool(SESSION), true);
    const live = await serveOnVpcd(await vitale());
    const wanted = (await pyscard(SESSION)).out;
    await live.remove();
    expect(wanted.split('\n')).toHaveLength(SESSION.length + 2);

    const first = await asCard(trace, () => pyscard(SESSION));
    expect(first.program.out).toBe(wanted);
    expect(first).toMatchObject({
      exit: 0,
      result: { verdict: 'PASS', mode: 'as-card', counts: { PASS: SESSION.length } },
    });
    await slotIsEmpty();

    const second = await asCard(trace, () => openscTool(SESSION), { responseTime: 'recorded' });
    expect(second.program.out).toContain('4E 45 53 53 49');
    expect(second).toMatchObject({ exit: 0, result: { verdict: 'PASS', counts: { PASS: SESSION.length } } });
  });

  it('tells apart a terminal that sends something else', async () => {
    const trace = await recordSession(await vitale(), () => openscTool(SESSION));
    const other = SESSION.map((command) => (command === BENEFICIARY_3 ? '00B2041400' : command));
    const { exit, result, program } = await asCard(trace, () => pyscard(other));
    expect(exit).toBe(1);
    expect(program.out).toContain('\n6F00\n');
    const failed = result.exchanges.filter(({ verdict }) => verdict === 'FAIL');
    expect(failed.map(({ index, divergence }) => [index, divergence?.kind, divergence?.where])).toEqual([
      [null, 'command', 'instead of exchange 5, READ RECORD: P1 differs'],
      [5, 'missing', 'the terminal did not send it'],
    ]);
  });

  it('rules that were learnt serve the session too', async () => {
    const trace = await recordSession(await vitale(), () => openscTool(SESSION), true);
    const rules = join(folder, 'rules.yaml');
    const io = fakeIo({});
    expect(await synth({ traces: [trace], out: rules, from: null, keepSecrets: true }, io)).toBe(0);
    const { exit, program } = await asCard(rules, () => pyscard([SELECT_OWN, VERIFY, BENEFICIARY_3]));
    expect(program.out).toContain('84054E45535349');
    expect(exit).toBe(0);
  });

  it('a challenge-response session replays against a card with another challenge', async () => {
    // The terminal must compute in the middle of its session: so it is recorded by a card that already knows what comes.
    const challenge = new ChallengeCard('recorded');
    const first = Uint8Array.of(0x00, 0x84, 0x00, 0x00, 0x08);
    challenge.process(first, 0, first.length);
    const cryptogram = Buffer.from(
      nobleCrypto()
        .cmac(Buffer.from(HOST_KEY, 'hex'), Uint8Array.from(challenge.response.subarray(0, 8)))
        .subarray(0, 8),
    ).toString('hex');
    const trace = await recordSession(new ChallengeCard('recorded'), () =>
      openscTool(['0084000008', `0082000108${cryptogram}`, '00B0000000']),
    );
    const rules = file(
      'rules.yaml',
      `version: 1
rules:
  - command: 0084000008
    answer: XXXXXXXXXXXXXXXX 9000
    capture: {challenge: bytes 0-7}
  - command: 00 82 00 01 08 *
    compute: {cryptogram: {plug: aes-cmac, key: host, data: '{challenge}', length: '8'}}
    send: 00 82 00 01 08 {cryptogram}
`,
    );
    const card = new ChallengeCard('live');
    const { exit, result } = await toCard(trace, card, { rules, keepGoing: true });
    expect(result.exchanges.map(({ verdict }) => verdict)).toEqual(['PASS', 'PASS', 'PASS']);
    expect(exit).toBe(0);
    const without = await toCard(trace, new ChallengeCard('live'), { keepGoing: true });
    expect(without.result.exchanges.map(({ verdict }) => verdict)).toEqual(['FAIL', 'FAIL', 'FAIL']);
  });

  it('keeps and judges what was replayed when the card is pulled out', async () => {
    const trace = await recordSession(await vitale(), () => openscTool(SESSION));
    const card = await vitale();
    let sent = 0;
    let pull = (): void => {};
    const pulled: LinkedCard = {
      response: card.response,
      atr: () => card.atr(),
      powerOn: () => card.powerOn(),
      reset: () => card.reset(),
      fieldOff: () => card.fieldOff(),
      deselect: () => card.deselect(),
      process: (command, offset, length) => {
        if (++sent === 4) pull();
        return card.process(command, offset, length);
      },
    };
    const { exit, result } = await toCard(trace, pulled, {}, ({ link }) => {
      pull = () => link.stop();
    });
    expect(exit).toBe(2);
    expect(result).toMatchObject({
      verdict: 'INCONCLUSIVE',
      counts: { PASS: 3, FAIL: 0, INCONCLUSIVE: 1, SKIPPED: 3 },
    });
    expect(result.problem).not.toBeNull();
  });
});
