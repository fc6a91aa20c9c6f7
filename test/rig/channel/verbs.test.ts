import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../../rig/command/program.ts';
import { VERBS } from '../../../rig/command/verbs/index.ts';
import { toHex } from '../../../src/apdu/hex.ts';
import { expectPublished } from '../command/published-schemas.ts';
import { fakeIo } from '../console/fake-io.ts';
import { CAN, PERSON, writeOwnCard } from './own-card.ts';

const folder = mkdtempSync(join(tmpdir(), 'vitap-channel-'));
afterAll(() => rmSync(folder, { recursive: true }));
const image = join(folder, 'card.img');
const copy = join(folder, 'copy.img');
const file = (name: string): string => join(folder, name);

beforeAll(() => {
  writeOwnCard(image);
  writeOwnCard(copy, { copied: true });
  writeFileSync(file('can'), `${CAN}\n`, { mode: 0o600 });
  writeFileSync(file('wrong'), '500541\n', { mode: 0o600 });
  writeFileSync(file('shared'), 'keys\n', { mode: 0o644 });
});

interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

async function vitap(words: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const io = fakeIo({ env: { HOME: folder, XDG_STATE_HOME: folder, ...env } });
  const exit = await runCommandLine(words, '0.0.0', VERBS, io);
  return { exit, out: io.out.join(''), err: io.err.join('') };
}

const CARD = ['--image', image, '--interface', 'contactless'];
const READ_PERSON = '00B0850000';
const PERSON_HEX = toHex(Buffer.from(PERSON));

describe('vitap apdu', { timeout: 60_000 }, () => {
  it('opens a channel, reads in it what a terminal may read, shows it and leaves it', async () => {
    const { exit, out, err } = await vitap(
      [
        'apdu',
        ...CARD,
        `${READ_PERSON}=6982`,
        'secure open',
        `${READ_PERSON}=9000`,
        'status',
        'secure leave',
        `${READ_PERSON}=6982`,
      ],
      { VITAP_CAN: CAN },
    );
    expect(err).toBe('');
    expect(exit).toBe(0);
    expect(out).toContain('PACE with the CAN (generic mapping, AES-128, brainpoolP256r1)');
    expect(out).toContain('terminal FRVITAPAT00001, by 2 certificates');
    expect(out).toContain('the card is genuine by chip authentication; its key is signed by ');
    expect(out).toMatch(/9000 no error, [\d.]+ ms, protected/);
    expect(out).toContain(PERSON_HEX);
    expect(out).not.toContain(CAN);
  });

  it('opens the channel that an option asks for before the first command, in one line; VITAP_CAN alone does not', async () => {
    writeFileSync(file('can'), CAN, { mode: 0o600 });
    const asked = await vitap(['apdu', ...CARD, '--can-file', file('can'), `${READ_PERSON}=9000`]);
    expect([asked.exit, asked.err]).toEqual([0, '']);
    expect(asked.out).toMatch(/^Channel {2}PACE with the CAN .*; terminal FRVITAPAT00001, .*\n> 00B0850000\n/);
    expect((await vitap(['apdu', ...CARD, `${READ_PERSON}=6982`], { VITAP_CAN: CAN })).exit).toBe(0);
  });

  it('leaves the opening to a script that opens a channel itself', async () => {
    writeFileSync(file('can'), CAN, { mode: 0o600 });
    const words = [`${READ_PERSON}=6982`, 'secure open', `${READ_PERSON}=9000`];
    expect((await vitap(['apdu', ...CARD, '--can-file', file('can'), ...words])).exit).toBe(0);
  });

  it('a channel that cannot be opened at the start ends it with its exit code, and nothing is sent', async () => {
    writeFileSync(file('wrong'), '000000', { mode: 0o600 });
    const wrong = await vitap(['apdu', ...CARD, '--can-file', file('wrong'), READ_PERSON]);
    expect([wrong.exit, wrong.out]).toEqual([1, '']);
    expect(wrong.err).toBe('1 command after that was not sent\nvitap: the CAN is wrong\n');
    const none = await vitap(['apdu', '--profile', 'ndef', '--can-file', file('wrong'), '00A4040000']);
    expect([none.exit, none.out]).toEqual([2, '']);
    expect(none.err).toContain('the card has no PACE');
  });

  it('a script without a terminal says where the code may come from', async () => {
    const { exit, err } = await vitap(['apdu', ...CARD, 'secure open']);
    expect(exit).toBe(2);
    expect(err).toContain(
      '--channel can asks on a terminal and there is none here; use --channel-file FILE or VITAP_CAN',
    );
  });

  it('a wrong word after secure is said before anything is sent', async () => {
    const { exit, err } = await vitap(['apdu', ...CARD, 'secure nfc']);
    expect(exit).toBe(2);
    expect(err).toContain('a secure channel is opened with can, pin, puk or mrz');
  });
});

describe('one sentence and an exit code', { timeout: 60_000 }, () => {
  it.each<[string, string[], number, string]>([
    ['a wrong CAN', [...CARD, '--can-file', file('wrong')], 1, 'vitap: the CAN is wrong\n'],
    [
      'a copied card',
      ['--image', copy, '--interface', 'contactless', '--can-file', file('can')],
      1,
      'vitap: the card does not prove the key of EF.CardSecurity, so it may be a copy: chip authentication, key agreement: the chip does not have the key that it shows\n',
    ],
    [
      'a card without PACE',
      ['--profile', 'reference', '--can-file', file('can')],
      2,
      'vitap: the card has no PACE: there is no EF.CardAccess\n',
    ],
    ['no such file', [...CARD, '--can-file', file('nowhere')], 2, `vitap: ${file('nowhere')}: there is no such file\n`],
    [
      'a file that is no code',
      [...CARD, '--can-file', image],
      2,
      `vitap: the first line of ${image} holds something else than digits where a code was expected\n`,
    ],
    ['no terminal keys', [...CARD, '--can-file', file('can'), '--terminal-keys', file('shared')], 2, 'chmod 600'],
  ])('%s', async (_, words, exit, sentence) => {
    for (const verb of ['tap', 'bench tap --taps 1 --warm-up 0 --apdu 00A4000C023F00']) {
      const ran = await vitap([...verb.split(' '), ...words]);
      if (verb === 'tap') expect(ran.exit).toBe(exit);
      else expect(ran.exit).toBeGreaterThan(0);
      expect(ran.err + ran.out).toContain(sentence.replace('vitap: ', '').trimEnd());
      expect(ran.err).not.toContain('fault of vitap');
      expect(ran.out).not.toContain(PERSON);
    }
  });

  it('as data too', async () => {
    const { out } = await vitap(['tap', ...CARD, '--can-file', file('wrong'), '--json']);
    expect(JSON.parse(out)).toEqual({ error: { kind: 'channel', message: 'the CAN is wrong' } });
  });
});

describe('vitap tap', { timeout: 60_000 }, () => {
  it('says how it was protected, and where the time went', async () => {
    const { out } = await vitap(['tap', ...CARD], { VITAP_CAN: CAN });
    expect(out).toContain('Channel   PACE with the CAN (generic mapping, AES-128, brainpoolP256r1)\n');
    for (const phase of [
      'EF.CardAccess',
      'PACE',
      'terminal authentication',
      'EF.CardSecurity',
      'chip authentication',
      'of it secure messaging',
    ]) {
      expect(out).toMatch(new RegExp(`^ +${phase} +\\d`, 'm'));
    }
  });

  it('as data too', async () => {
    const { out } = await vitap(['tap', ...CARD, '--json'], { VITAP_CAN: CAN });
    const data = JSON.parse(out);
    expectPublished('tap', data);
    expect(data.channel.terminal.name).toBe('FRVITAPAT00001');
    const { out: apdus } = await vitap(['apdu', ...CARD, 'secure open', READ_PERSON, '--json'], { VITAP_CAN: CAN });
    expectPublished('apdu', JSON.parse(apdus));
    expect(JSON.parse(apdus).lines[1].exchanges[0].isProtected).toBe(true);
  });

  it('with VITAP_CAN alone a card without PACE is read in clear', async () => {
    const { exit, out } = await vitap(['tap', '--profile', 'ndef'], { VITAP_CAN: CAN });
    expect(exit).toBe(0);
    expect(out).toContain('https://');
    expect(out).not.toContain('Channel');
  });

  it('records what was on the wire, and its keys beside it; the keys show it again', async () => {
    const [trace, keys] = [file('t.jsonl'), file('k.json')];
    const words = ['apdu', ...CARD, '--record', trace, '--session-keys', keys, 'secure open', READ_PERSON];
    expect((await vitap(words, { VITAP_CAN: CAN })).exit).toBe(0);
    const text = readFileSync(trace, 'utf8');
    for (const secret of [PERSON, PERSON_HEX, CAN, toHex(Buffer.from(CAN))]) expect(text).not.toContain(secret);
    expect((statSync(keys).mode & 0o777).toString(8)).toBe('600');

    const masked = await vitap(['trace', 'show', trace, '--keys', keys]);
    expect(masked.out).toContain(`inside > ${READ_PERSON}`);
    expect(masked.out).toContain(`inside < ${'XX'.repeat(15)}9000`);
    expect(masked.out).not.toContain(PERSON_HEX);
    expect(masked.err).toMatch(/(\d+) of \1 protected commands were opened with /);
    expect((await vitap(['trace', 'show', trace, '--keys', keys, '--keep-secrets', '--full'])).out).toContain(
      PERSON_HEX,
    );

    expectPublished('trace-show', JSON.parse((await vitap(['trace', 'show', trace, '--keys', keys, '--json'])).out));
    const both = file('both.jsonl');
    expect((await vitap(['convert', trace, both, '--keys', keys])).exit).toBe(0);
    expect(readFileSync(both, 'utf8')).toContain(`"plain":{"apdu":"${READ_PERSON}"}`);
    expect(readFileSync(both, 'utf8')).not.toContain(PERSON_HEX);
  });

  it('a recorded channel is replayed in a new one, with fresh keys', async () => {
    const [trace, keys] = [file('t2.jsonl'), file('k2.json')];
    const words = [
      'apdu',
      ...CARD,
      '--record',
      trace,
      '--session-keys',
      keys,
      READ_PERSON,
      'secure open',
      READ_PERSON,
      '00B0860000',
    ];
    await vitap(words, { VITAP_CAN: CAN });
    const again = file('again.jsonl');
    const ran = await vitap(['replay', trace, ...CARD, '--keys', keys, '--record', again], { VITAP_CAN: CAN });
    expect(ran.err).toBe('');
    expect(ran.exit).toBe(0);
    expect(ran.out).toContain('PASS');
    const of = (path: string): string[] =>
      readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line.includes('"apdu":"0C'));
    expect(of(again).length).toBe(of(trace).length);
    expect(of(again).filter((line) => of(trace).includes(line))).toEqual([]);
    expect(readFileSync(again, 'utf8')).not.toContain(PERSON_HEX);
  });

  it('without a code a recorded channel cannot be replayed', async () => {
    const [trace, keys] = [file('t.jsonl'), file('k.json')];
    const { exit, err } = await vitap(['replay', trace, ...CARD, '--keys', keys]);
    expect(exit).toBe(2);
    expect(err).toContain('which needs the code: --can-file FILE or VITAP_CAN');
  });
});

describe('vitap bench tap', { timeout: 120_000 }, () => {
  it('taps through a channel, each with its own keys, and says what each step took', async () => {
    const words = ['bench', 'tap', ...CARD, '--can-file', file('can'), '--apdu', `00A4000C023F00;${READ_PERSON}`];
    const { exit, out } = await vitap([...words, '--taps', '3', '--warm-up', '1', '--json']);
    const { channel, taps, failures } = JSON.parse(out);
    expectPublished('bench-tap', JSON.parse(out));
    expect(failures).toEqual([]);
    expect(exit).toBe(0);
    expect(taps).toHaveLength(3);
    expect(channel.stages.map(({ name, exchanges }: { name: string; exchanges: number }) => [name, exchanges])).toEqual(
      [
        ['EF.CardAccess', 2],
        ['PACE', 5],
        ['terminal authentication', 7],
        ['EF.CardSecurity', expect.any(Number)],
        ['chip authentication', 2],
        ['secure messaging', 2],
      ],
    );
  });
});

describe('vitap conform', { timeout: 120_000 }, () => {
  it('judges a card through a channel that every case opens', async () => {
    const words = ['conform', ...CARD, '--can-file', file('can'), '--only', 'CLA-001', '--json'];
    const { out, err } = await vitap(words);
    expect(err).not.toContain('fault of vitap');
    expect(JSON.parse(out).channel).toContain('PACE with the CAN');
    expectPublished('conform', JSON.parse(out));
    expect(JSON.parse(out).counts.fail).toBe(0);
    expect(JSON.parse(out).counts.pass).toBeGreaterThan(0);
  });

  it('runs through, also with commands that no channel carries: these are not applicable', async () => {
    const card = ['--profile', 'vitale2', '--interface', 'contactless'];
    // Classes, logical channels, lengths and rules: what a channel has no place for, and what it opens.
    const only = 'CLA-*,CHA-*,INS-*,ACR-R*,SEL-114,FCP-*,RBI-00*';
    const { exit, out } = await vitap(['conform', ...card, '--only', only, '--json'], { VITAP_CAN: '314159' });
    const { counts, cases, channel } = JSON.parse(out);
    expect(channel).toContain('PACE with the CAN');
    expect([exit, counts.fail, counts.inconclusive, counts.pass > 20]).toEqual([0, 0, 0, true]);
    const limited = (cases as { linkLimited: boolean; reason?: string }[]).filter((each) => each.linkLimited);
    const reasons = limited.map(({ reason = '' }) => reason).join('\n');
    for (const why of ['outside of the channel (6881)', 'outside of the channel (6882)', 'cannot be protected']) {
      expect(reasons).toContain(why);
    }
  });
});
