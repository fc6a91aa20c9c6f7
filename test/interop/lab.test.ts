import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type PersonLink, personLink } from '../../rig/lab/api/person-link.ts';
import { hasEnded } from '../child-end.ts';
import { run } from './card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds } from './real-parts.ts';
import { RunningVerb } from './running-verb.ts';

const PROGRAM = new URL('../../bin/vitap.js', import.meta.url).pathname;
const LIMIT_MS = 120_000;

/** Server, benches, boards and cards are processes of their own, as they are at a lab. */
describeNeeds(['pcscd', 'vpcd', 'nfc-pcsc', 'socat'], 'a lab of two benches', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-lab-'));
  const at = (name: string): string => join(folder, name);
  const running: RunningVerb[] = [];
  let pcscd: Pcscd;
  let origin: string;
  let person: PersonLink;

  function start(...args: string[]): RunningVerb {
    const verb = new RunningVerb(...args);
    running.push(verb);
    return verb;
  }
  const vitap = (...args: string[]) => run(process.execPath, [PROGRAM, ...args]);
  const lab = (role: string): string[] => ['--server', origin, '--token-file', at(`${role}.token`)];

  beforeAll(async () => {
    pcscd = await Pcscd.start();
    const server = start('lab', 'serve', at('lab'), '--port', '0', '--quiet');
    const boards = start('board', 'sim', '--pair', '--link-a', at('a'), '--link-b', at('b'));
    // In vpcd's second slot lies a card that is somebody's.
    const card = start('emulate', '--link', 'vpcd:127.0.0.1:35964', '--profile', 'vitale2');
    await server.says('Ctrl-C ends this server');
    origin = /http:\/\/127\.0\.0\.1:\d+/.exec(server.out)![0];
    const token = readFileSync(at('lab/operator.token'), 'utf8').trim();
    writeFileSync(at('operator.token'), `${token}\n`, { mode: 0o600 });
    person = personLink({ origin, token });
    const bench = await person.addToken('benches', 'bench');
    writeFileSync(at('bench.token'), `${bench}\n`, { mode: 0o600 });
    await Promise.all([boards.says('ready'), card.says('ready')]);
    writeFileSync(at('one.yaml'), 'version: 1\ninProcess: 0\ncards: [{label: blue-42, reader: "00 01"}]\n');
    writeFileSync(
      at('two.yaml'),
      `version: 1\ninProcess: 0\npcsc: no\nreaders:\n  - reader: "pn532:${at('a')}"\n    link: "pn532:${at('b')}"\n`,
    );
    for (const name of ['one', 'two']) {
      start(
        'lab',
        'bench',
        ...lab('bench'),
        '--name',
        name,
        '--bench-file',
        at(`${name}.yaml`),
        '--folder',
        at(`bench-${name}`),
      );
    }
    await vi.waitFor(
      async () => {
        const devices = (await person.benches()).flatMap((each) => each.devices);
        expect(
          devices
            .filter(({ ours }) => ours)
            .map(({ driver }) => driver)
            .sort(),
        ).toEqual(['pcsc', 'pn532']);
        expect(devices.some((each) => each.card?.label === 'blue-42')).toBe(true);
      },
      { timeout: LIMIT_MS, interval: 200 },
    );
  }, LIMIT_MS);
  afterAll(async () => {
    // The server last: benches give their leases back.
    for (const verb of running.reverse()) await verb.stop();
    await pcscd?.stop();
    expect(running.every(({ child }) => hasEnded(child))).toBe(true);
    rmSync(folder, { recursive: true, force: true });
  }, LIMIT_MS);

  it('judges cards of ours through vpcd and over the air, and keeps each verdict once', {
    timeout: LIMIT_MS,
  }, async () => {
    writeFileSync(
      at('campaign.yaml'),
      'version: 1\nname: acceptance\ncards:\n  - {id: vitale2, profile: vitale2}\n  - {id: eac, profile: eac}\njudge:\n  - {id: vpcd, conform: iso7816-4, only: "SEL-MF*", needs: {driver: pcsc}}\n  - {id: air, conform: iso7816-4, only: "SEL-MF*", needs: {driver: pn532, interface: contactless}}\n',
    );
    const { out, exit } = await vitap('lab', 'submit', at('campaign.yaml'), ...lab('operator'));
    expect([exit, out]).toEqual([
      0,
      expect.stringMatching(/^acceptance: 4 runs, 0 inputs\n {2}vpcd: 2\n {2}air: 2\nCampaign \d+\n$/),
    ]);
    const id = Number(/Campaign (\d+)/.exec(out)![1]);
    await vi.waitFor(async () => expect((await person.matrix(id)).campaign.endedAt).not.toBe(null), {
      timeout: LIMIT_MS,
      interval: 200,
    });
    const { runs } = await person.runs({ campaign: id });
    expect(
      runs
        .map(({ subject, suite, state, bench, attempts, reason }) => [subject, suite, state, bench, attempts, reason])
        .sort(),
    ).toEqual([
      ['eac', 'air', 'passed', 'two', 1, ''],
      ['eac', 'vpcd', 'passed', 'one', 1, ''],
      ['vitale2', 'air', 'passed', 'two', 1, ''],
      ['vitale2', 'vpcd', 'passed', 'one', 1, ''],
    ]);
    expect(await person.check()).toMatchObject({ lost: [], doubled: [], stranded: [] });
  });

  it('lends the card at a bench to who has no reader: by label, one at a time', { timeout: LIMIT_MS }, async () => {
    const env = [`VITAP_LAB=${origin}`, `VITAP_LAB_TOKEN_FILE=${at('operator.token')}`];
    const elsewhere = (...args: string[]) => run('env', [...env, process.execPath, PROGRAM, ...args]);
    const tap = () => elsewhere('tap', '--reader', 'lab:blue-42', '--sequence', 'identity');
    const here = await vitap('tap', '--reader', 'pcsc:00 01', '--sequence', 'identity');
    const [first, second] = await Promise.all([tap(), tap()]);
    for (const { out, exit } of [first, second]) {
      expect(exit).toBe(0);
      expect(out).toContain('ADRUN');
      expect(out).toContain('Virtual PCD 00 01');
    }
    expect(here.out).toContain('ADRUN');
    const unknown = await elsewhere('tap', '--reader', 'lab:red-1');
    expect([unknown.exit, unknown.err]).toEqual([
      2,
      'vitap: no bench that lives has a reader or a card of this label: see vitap lab benches\n',
    ]);
    const none = await vitap('tap', '--reader', 'lab:blue-42');
    expect([none.exit, none.err]).toEqual([
      2,
      'vitap: which lab? name it in VITAP_LAB, and the file with its token in VITAP_LAB_TOKEN_FILE\n',
    ]);
    // Lent is a run like any other: it ended, and the reader is free.
    await vi.waitFor(
      async () => expect((await person.benches()).every((each) => each.running.length === 0)).toBe(true),
      { timeout: LIMIT_MS },
    );
  });

  it('keeps what it could not upload, and the key with which it signs', () => {
    expect(existsSync(at('bench-one/bench.key.json'))).toBe(true);
    expect(existsSync(at('bench-one/spool'))).toBe(true);
  });
});
