import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openCard } from '../../rig/card/open.ts';
import type { Card } from '../../src/applet/card.ts';
import type { LinkedCard } from '../../src/hal/card-link.ts';
import { ForwardingCard } from '../../src/hal/forwarding-card.ts';
import { run } from './card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds } from './real-parts.ts';
import { RunningLab } from './running-lab.ts';
import { PROGRAM, type RunningVerb } from './running-verb.ts';
import { serveOnVpcd, slotIsEmpty } from './vpcd-card.ts';

const LIMIT_MS = 120_000;
/** A line for each suite of a JUnit report. */
const JUNIT_SUITES = `
import sys, xml.etree.ElementTree as tree
for suite in tree.parse(sys.argv[1]).getroot():
    get = suite.attrib.get
    assert int(get('tests')) == len(suite.findall('testcase'))
    print(f"{get('name')}: {get('tests')} tests, {get('failures')} failures, {get('errors')} errors, {get('skipped')} skipped")
`;

/** Bytes on the line of a reader: past the echo that a bench takes first, and within the cases SEL, which take 66,000. */
const UNPLUGGED = 'a:unplug@40000';

/** A card that is taken out in the middle of what it is asked. */
class LeavingCard extends ForwardingCard {
  protected override readonly card: LinkedCard;
  onLeave: () => void = () => {};
  #left = 150;

  constructor(card: Card) {
    super();
    this.card = card.port('contact');
  }

  override process(command: Uint8Array, offset: number, length: number): number {
    if (--this.#left === 0) setImmediate(() => this.onLeave());
    return super.process(command, offset, length);
  }
}

/** Server, benches, boards and cards are processes of their own, as they are at a lab. */
describeNeeds(['pcscd', 'vpcd', 'nfc-pcsc', 'socat'], 'a lab of two benches', () => {
  const lab = new RunningLab('lab');
  const { at } = lab;
  let pcscd: Pcscd;
  /** In vpcd's second slot. */
  let card: RunningVerb;

  beforeAll(async () => {
    pcscd = await Pcscd.start();
    const boards = lab.start('board', 'sim', '--pair', '--link-a', at('a'), '--link-b', at('b'));
    // In vpcd's second slot lies a card that is somebody's.
    card = lab.start('emulate', '--link', 'vpcd:127.0.0.1:35964', '--profile', 'vitale2');
    await lab.serve();
    await Promise.all([boards.says('ready'), card.says('ready')]);
    lab.startBench('one', 'inProcess: 0\ncards: [{label: blue-42, reader: "00 01"}]\n');
    lab.startBench(
      'two',
      `inProcess: 0\npcsc: no\nreaders:\n  - {reader: "pn532:${at('a')}", link: "pn532:${at('b')}"}\n`,
    );
    await vi.waitFor(
      async () => {
        const devices = (await lab.person.benches()).flatMap((each) => each.devices);
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
    await lab.stop();
    await pcscd?.stop();
  }, LIMIT_MS);

  it('judges both suites on both cards through vpcd and over the air, and delivers JUnit and a signed bundle', {
    timeout: 2 * LIMIT_MS,
  }, async () => {
    const needs = { contact: '{driver: pcsc, interface: contact}', antenna: '{driver: pn532}' };
    const judge = Object.entries(needs).flatMap(([on, what]) => [
      `  - {id: vitale-${on}, conform: vitale, only: "VIT-001,VIT-002,VIT-003,VIT-004,VIT-201,VIT-202", needs: ${what}}`,
      `  - {id: iso-${on}, conform: iso7816-4, only: "SEL-MF*", needs: ${what}}`,
    ]);
    const cards = 'cards: [{id: vitale2, profile: vitale2}, {id: apcv, profile: apcv}]';
    const { id, out } = await lab.submit('acceptance', [cards, 'judge:', ...judge].join('\n'));
    expect(out).toMatch(/^acceptance: 8 runs, 0 inputs\n( {2}(vitale|iso)-(contact|antenna): 2\n){4}Campaign \d+\n$/);
    const found: Record<string, unknown[]> = {};
    for (const { run: judged, statement } of await lab.ended(id)) {
      const { subject, suite, state, bench, attempts, reason } = judged;
      const passed = statement!.cases.flatMap((each) => (each.verdict === 'pass' ? [each.id] : []));
      found[`${suite} ${subject}`] = [
        state,
        bench,
        attempts,
        reason,
        suite.startsWith('iso') ? passed.length > 0 : passed,
      ];
      // Over the air too a card is judged as its profile describes it.
      const report = statement!.blobs.find(({ role }) => role === 'report')!;
      const { declaration } = JSON.parse(Buffer.from(await lab.person.download(report.sha256)).toString());
      expect(declaration).toBe(`profile ${subject}`);
    }
    // VIT-001 to VIT-004 read identities and NIRs, which apcv has not; its code opens the own application on contact alone.
    const free = ['VIT-001', 'VIT-002', 'VIT-003', 'VIT-004'];
    expect(found).toEqual({
      'vitale-contact vitale2': ['passed', 'one', 1, '', [...free, 'VIT-201', 'VIT-202']],
      'vitale-contact apcv': ['passed', 'one', 1, '', ['VIT-201', 'VIT-202']],
      'vitale-antenna vitale2': ['passed', 'two', 1, '', [...free, 'VIT-201']],
      'vitale-antenna apcv': ['passed', 'two', 1, '', ['VIT-201']],
      'iso-contact vitale2': ['passed', 'one', 1, '', true],
      'iso-contact apcv': ['passed', 'one', 1, '', true],
      'iso-antenna vitale2': ['passed', 'two', 1, '', true],
      'iso-antenna apcv': ['passed', 'two', 1, '', true],
    });
    expect(await lab.person.check()).toMatchObject({ lost: [], doubled: [], stranded: [] });

    await lab.vitap('evidence', 'keygen', at('key'));
    const files = ['--junit', at('lab.xml'), '--evidence', at('bundle'), '--evidence-key', at('key.key.json')];
    const exported = await lab.vitap('lab', 'export', String(id), ...files, ...lab.as('operator'));
    expect([exported.exit, exported.out]).toEqual([0, '']);
    const verified = await lab.vitap('evidence', 'verify', at('bundle'), '--key', at('key.pub.json'));
    expect([verified.exit, verified.out]).toEqual([0, expect.stringContaining('runs: 8, 8 passed, 0 failed')]);

    // Other programs agree: Python reads the report, OpenSSL by Node checks what each bench signed.
    const suites = await run('python3', ['-c', JUNIT_SUITES, at('lab.xml')]);
    expect(
      suites.out
        .split('\n')
        .filter((line) => line.startsWith('vitale2 × vitale'))
        .sort(),
    ).toEqual([
      'vitale2 × vitale-antenna #1: 6 tests, 0 failures, 0 errors, 1 skipped',
      'vitale2 × vitale-contact #1: 6 tests, 0 failures, 0 errors, 0 skipped',
    ]);
    const benches: { name: string; publicKey: JsonWebKey }[] = JSON.parse(
      readFileSync(at('bundle/benches.json'), 'utf8'),
    );
    const results = readdirSync(at('bundle/results'));
    expect(results.length).toBe(8);
    for (const name of results) {
      const [header, payload, signature] = readFileSync(join(at('bundle/results'), name), 'utf8')
        .trim()
        .split('.');
      const { bench } = JSON.parse(Buffer.from(payload!, 'base64url').toString());
      const { publicKey } = benches.find((each) => each.name === bench)!;
      const key = createPublicKey({ key: publicKey, format: 'jwk' });
      const algorithm = publicKey.kty === 'EC' ? 'sha256' : null;
      const signed = Buffer.from(`${header}.${payload}`);
      expect(verify(algorithm, signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature!, 'base64url'))).toBe(
        true,
      );
    }
  });

  it('lends the card at a bench to who has no reader: by label, one at a time', { timeout: LIMIT_MS }, async () => {
    const env = [`VITAP_LAB=${lab.origin}`, `VITAP_LAB_TOKEN_FILE=${at('operator.token')}`];
    const elsewhere = (...args: string[]) => run('env', [...env, process.execPath, PROGRAM, ...args]);
    const tap = () => elsewhere('tap', '--reader', 'lab:blue-42', '--sequence', 'identity');
    const here = await lab.vitap('tap', '--reader', 'pcsc:00 01', '--sequence', 'identity');
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
      'vitap: no bench that lives has a reader or a card red-1: see vitap lab benches\n',
    ]);
    const none = await lab.vitap('tap', '--reader', 'lab:blue-42');
    expect([none.exit, none.err]).toEqual([
      2,
      'vitap: which lab? name it in VITAP_LAB, and the file with its token in VITAP_LAB_TOKEN_FILE\n',
    ]);
    // Lent is a run like any other: it ended, and the reader is free.
    await vi.waitFor(
      async () => expect((await lab.person.benches()).every((each) => each.running.length === 0)).toBe(true),
      { timeout: LIMIT_MS },
    );
  });

  it('gives runs back whose links die in the middle: a board that is pulled out, a card that is taken off', {
    timeout: 2 * LIMIT_MS,
  }, async () => {
    // Pulled out after so many bytes: past the echo that a bench takes at its start, in the middle of its run.
    const doomed = lab.start('board', 'sim', '--pair', '--link-a', at('c'), '--link-b', at('d'), '--fault', UNPLUGGED);
    await card.stop();
    await slotIsEmpty(1);
    const leaving = new LeavingCard((await openCard({ kind: 'profile', name: 'vitale2' })).card);
    const served = await serveOnVpcd(leaving, { slot: 1 });
    leaving.onLeave = () => served.link.stop();
    await doomed.says('ready');
    // Bench three has the first try of the run over the air.
    await lab.person.quarantine('two', 'bench three goes first');
    lab.startBench(
      'three',
      `inProcess: 0\npcsc: no\nreaders:\n  - {reader: "pn532:${at('c')}", link: "pn532:${at('d')}"}\n`,
    );
    const { id } = await lab.submit(
      'lost',
      [
        'cards: [{id: air, profile: vitale2}, {id: there, label: blue-42}]',
        'judge:',
        '  - {id: on-air, conform: iso7816-4, only: "SEL-*,!SEL-118", cards: [air], needs: {driver: pn532}}',
        '  - {id: on-contact, conform: iso7816-4, only: "SEL-*,!SEL-118", cards: [there]}',
      ].join('\n'),
      '--force',
    );
    const { runs } = await lab.person.runs({ campaign: id });
    const givenBack = (subject: string) =>
      vi.waitFor(
        async () => {
          const { attempts } = await lab.person.run(runs.find((each) => each.subject === subject)!.id);
          expect(attempts[0]?.state).toBe('given-back');
        },
        { timeout: LIMIT_MS, interval: 200 },
      );
    await Promise.all([
      givenBack('air').then(() => lab.person.quarantine('two', null)),
      givenBack('there').then(async () => {
        await served.remove();
        card = lab.start('emulate', '--link', 'vpcd:127.0.0.1:35964', '--profile', 'vitale2');
      }),
    ]);
    const found: Record<string, unknown> = {};
    for (const { run: now, attempts } of await lab.ended(id)) {
      found[now.subject] = [now.state, now.reason, attempts.map(({ bench, state }) => `${bench} ${state}`)];
      expect(attempts[0]!.reason).toMatch(/^the link died in SEL-\S+ after \d+ cases \(\d+ passed, 0 failed\): /);
    }
    expect(found).toEqual({
      air: ['passed', '', ['three given-back', 'two finished']],
      there: ['passed', '', ['one given-back', 'one finished']],
    });
    const told = await lab.vitap('lab', 'results', String(id), ...lab.as('operator'));
    expect(told.out.match(/, attempt 2 /g)).toHaveLength(2);
  });

  it('keeps what it could not upload, and the key with which it signs', () => {
    expect(existsSync(at('bench-one/bench.key.json'))).toBe(true);
    expect(existsSync(at('bench-one/spool'))).toBe(true);
  });
});
