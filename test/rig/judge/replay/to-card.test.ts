import { describe, expect, it } from 'vitest';
import { ScriptedCard } from '../conform/scripted-card.ts';
import { CARD_KEY, ChallengeCard, HOST_KEY } from './challenge-card.ts';
import { eventsOf, recorded, SECOND, sourceOf } from './recorded.ts';
import { replayed } from './replaying.ts';

/** E2 { 80 index 01, 84 usual name MARTIN, 86 first name ZOE }. */
const BENEFICIARY = 'E210 800101 84064D415254494E 86035A4F45 9000'.replaceAll(' ', '');
const READ = '00B2011400';

describe('a replay to a card, without rules', () => {
  it('passes where every answer is as recorded', async () => {
    const { verdicts, entries } = await replayed(
      recorded(['00A4000C023F00', '9000'], [READ, BENEFICIARY], ['00CA000000', '6D00']),
      new ScriptedCard({ '00A4000C023F00': '9000', [READ]: BENEFICIARY }),
    );
    expect(verdicts).toBe('PASS PASS PASS');
    expect(entries[1]).toMatchObject({ index: 2, name: 'READ RECORD', expected: BENEFICIARY, got: BENEFICIARY });
  });

  it.each([
    {
      what: 'a byte of a name',
      answer: BENEFICIARY.replace('4D4152', '4D4252'),
      kind: 'value',
      where: 'E2 beneficiary / 84 usual name, byte 2 of 6',
      expected: '4D415254494E',
      got: '4D425254494E',
      offset: 8,
    },
    {
      what: 'a longer name',
      answer: 'E211800101 84074D415254494E45 86035A4F45 9000'.replaceAll(' ', ''),
      kind: 'length',
      where: 'E2 beneficiary / 84 usual name (6 bytes, got 7)',
      expected: '4D415254494E',
      got: '4D415254494E45',
      offset: 7,
    },
    {
      what: 'a data object less',
      answer: 'E20B800101 84064D415254494E 9000'.replaceAll(' ', ''),
      kind: 'missing',
      where: 'E2 beneficiary / 86 first name is missing',
      expected: '5A4F45',
      got: '',
      offset: 13,
    },
    {
      what: 'another status word',
      answer: '6982',
      kind: 'status',
      where: 'status word',
      expected: '9000 (no error)',
      got: '6982 (security status not satisfied)',
      offset: 0,
    },
  ])('names $what', async ({ answer, kind, where, expected, got, offset }) => {
    const { entries } = await replayed(recorded([READ, BENEFICIARY]), new ScriptedCard({ [READ]: answer }));
    expect(entries[0]).toMatchObject({ verdict: 'FAIL', divergence: { kind, where, expected, got } });
    if (kind !== 'missing') expect(entries[0]?.divergence?.offset).toBe(offset);
  });

  it('names the field of a file that is read in pieces', async () => {
    const file = '65128005414452554E81035A4F45820431393735';
    const pieces = [file.slice(0, 16), file.slice(16)] as const;
    const { entries } = await replayed(
      recorded(['00B0000008', `${pieces[0]}9000`], ['00B000080C', `${pieces[1]}9000`]),
      new ScriptedCard({
        '00B0000008': `${pieces[0]}9000`,
        '00B000080C': `${pieces[1].replace('5A4F45', '5A4645')}9000`,
      }),
    );
    expect(entries[1]?.divergence?.where).toBe('65 person / 81 first name, byte 2 of 3');
  });

  it('names file control parameters', async () => {
    const fcp = '620A 82010A 8302E001 8A0105 9000'.replaceAll(' ', '');
    const { entries } = await replayed(
      recorded(['00A4000402E001', fcp]),
      new ScriptedCard({ '00A4000402E001': fcp.replace('8A0105', '8A0104') }),
    );
    expect(entries[0]?.divergence?.where).toBe('62 file control parameters / 8A life cycle status, byte 1 of 1');
  });

  it('says the byte where the answer is no TLV', async () => {
    const { entries } = await replayed(
      recorded(['0084000004', '01FF03049000']),
      new ScriptedCard({ '0084000004': '01FF03059000' }),
    );
    expect(entries[0]?.divergence).toMatchObject({ field: [], where: 'byte 4 of the data', got: '01FF0305' });
  });

  it('stops at the first divergence, and goes on when told to', async () => {
    const trace = (): ReturnType<typeof recorded> => recorded([READ, '9000'], [READ, '9000'], [READ, '6A83']);
    const card = (): ScriptedCard => new ScriptedCard({ [READ]: '6A83' });
    expect((await replayed(trace(), card(), { keepGoing: false })).verdicts).toBe('FAIL SKIPPED SKIPPED');
    expect((await replayed(trace(), card(), { keepGoing: true })).verdicts).toBe('FAIL FAIL PASS');
  });

  it('switches and resets the card where the trace does, before the next command', async () => {
    const card = new ScriptedCard({ [READ]: '9000' });
    await replayed(
      recorded('on', 'off', 'on', [READ, '9000'], 'reset', [READ, '9000'], 'off', 'on', [READ, '9000'], 'off'),
      card,
    );
    expect(
      card.log
        .join(' ')
        .replace(/^(on )+/, '')
        .replace(/ reset off$/, ''),
    ).toBe(`${READ} reset ${READ} off on ${READ}`);
  });
});

describe('masks and secrets', () => {
  const VERIFY = '0020008106XXXXXXXXXXXX';

  it('compares nothing where the trace is masked', async () => {
    const { verdicts } = await replayed(
      recorded(['00B0000004', '93XXXX019000']),
      new ScriptedCard({ '00B0000004': '934142019000' }),
    );
    expect(verdicts).toBe('PASS');
  });

  it('puts the code in its place, and shows it to nobody', async () => {
    const card = new ScriptedCard({ '0020008106323734393136': '9000' });
    const { verdicts, entries } = await replayed(recorded([VERIFY, '9000']), card, {
      secrets: "codes: {'81': '274916'}",
    });
    expect(verdicts).toBe('PASS');
    expect(JSON.stringify(entries)).not.toContain('3237');
    expect(entries[0]?.command).toBe('0020008106XXXXXXXXXXXX');
  });

  it.each([
    ['the code', VERIFY, 'code 81 (exchange 1, 6 bytes)'],
    [
      'both codes of CHANGE REFERENCE DATA',
      '0024008108XXXXXXXXXXXXXXXX',
      'code 81 and `new` of code 81 (exchange 1, 8 bytes)',
    ],
    ['the unblocking code alone', '002C018104XXXXXXXX', '`unblock` of code 81 (exchange 1, 4 bytes)'],
    ['bytes that are no code', '00DA01000380XXXX', 'bytes under `exchanges` (exchange 1, 2 bytes)'],
  ])('names %s when it is missing', async (_, command, words) => {
    const { entries, verdicts } = await replayed(recorded([command, '9000']), new ScriptedCard({}));
    expect(verdicts).toBe('INCONCLUSIVE');
    expect(entries[0]?.problem).toBe(`not sent: missing is ${words}`);
  });

  it('says when a secret has another length than the mask', async () => {
    const { entries } = await replayed(recorded([VERIFY, '9000']), new ScriptedCard({}), {
      secrets: "codes: {'81': '1234'}",
    });
    expect(entries[0]?.problem).toContain('exchange 1 masks 6 bytes, and secrets.yaml has 4 for it');
  });

  it('hides a NIR that differs in one character, on both sides', async () => {
    const nir = Buffer.from('275127812345678').toString('hex').toUpperCase();
    const other = nir.replace(/^32/, '41');
    const { entries } = await replayed(
      recorded(['00B0000000', `6511930F${nir}9000`]),
      new ScriptedCard({ '00B0000000': `6511930F${other}9000` }),
    );
    expect(entries[0]?.divergence?.where).toBe('65 person / 93 NIR, byte 1 of 15');
    const printed = JSON.stringify(entries);
    for (const digits of [nir, other, nir.slice(2, 12)]) expect(printed).not.toContain(digits);
    const { entries: shown } = await replayed(
      recorded(['00B0000000', `6511930F${nir}9000`]),
      new ScriptedCard({ '00B0000000': `6511930F${other}9000` }),
      { keepSecrets: true },
    );
    expect(shown[0]?.divergence?.got).toBe(other);
  });
});

describe('a challenge and a response', () => {
  const RULES = `
version: 1
rules:
  - name: the challenge is another each time
    command: 00 84 00 00 08
    answer: XXXXXXXXXXXXXXXX 9000
    capture: {challenge: bytes 0-7}
  - name: our cryptogram
    command: 00 82 00 01 08 *
    compute: {cryptogram: {plug: aes-cmac, key: host, data: '{challenge}', length: '8'}}
    send: 00 82 00 01 08 {cryptogram}
  - name: the card proves itself
    command: 00 88 00 02 08 *
    compute:
      question: {plug: random, length: '8'}
      proof: {plug: aes-cmac, key: card, data: '{question}'}
    send: 00 88 00 02 08 {question} 00
    answer: '{proof} 9000'
`;
  const SECRETS = `keys: {host: ${HOST_KEY}, card: ${CARD_KEY}}`;

  /** What a terminal recorded with a card of that seed: it is not this challenge that the next card gives. */
  async function session(): Promise<ReturnType<typeof recorded>> {
    const card = new ChallengeCard('recorded');
    const send = (hex: string): string => {
      const bytes = Buffer.from(hex, 'hex');
      return Buffer.from(card.response.subarray(0, card.process(bytes, 0, bytes.length)))
        .toString('hex')
        .toUpperCase();
    };
    const challenge = send('0084000008');
    const { cmac } = (await import('../../../../src/hal/noble/index.ts')).nobleCrypto();
    const cryptogram = Buffer.from(cmac(Buffer.from(HOST_KEY, 'hex'), Buffer.from(challenge.slice(0, 16), 'hex')))
      .toString('hex')
      .toUpperCase()
      .slice(0, 16);
    const commands = [`0082000108${cryptogram}`, '0088000208010203040506070800', '00B0000000'];
    return recorded(['0084000008', challenge], ...commands.map((command) => [command, send(command)] as const));
  }

  it('is computed anew for another challenge', async () => {
    const card = new ChallengeCard('live');
    const { verdicts } = await replayed(await session(), card, { rules: RULES, secrets: SECRETS });
    expect(verdicts).toBe('PASS PASS PASS PASS');
    expect(card.challenges).toHaveLength(1);
    expect(card.challenges).not.toEqual(new ChallengeCard('recorded').challenges);
  });

  it('fails without the rules: the recorded cryptogram is of another challenge', async () => {
    const { verdicts, entries } = await replayed(await session(), new ChallengeCard('live'));
    expect(verdicts).toBe('FAIL FAIL PASS FAIL');
    expect(entries[1]?.divergence).toMatchObject({ kind: 'status', got: '6300 (warning, memory changed)' });
  });

  it('finds out a card with another key', async () => {
    const wrong = SECRETS.replace(CARD_KEY, HOST_KEY);
    const { entries, verdicts } = await replayed(await session(), new ChallengeCard('live'), {
      rules: RULES,
      secrets: wrong,
    });
    expect(verdicts).toBe('PASS PASS FAIL PASS');
    expect(entries[2]?.rule).toBe('the card proves itself');
  });

  it('names a key that is missing', async () => {
    const { entries, verdicts } = await replayed(await session(), new ChallengeCard('live'), { rules: RULES });
    expect(verdicts).toBe('PASS INCONCLUSIVE INCONCLUSIVE FAIL');
    expect(entries[1]?.problem).toBe('not sent: no key host: no secrets file has none of that name');
  });
});

describe('rules', () => {
  const one = (command: string, was: string, is: string, rule: string) =>
    replayed(recorded([command, was]), new ScriptedCard({ [command]: is }), {
      rules: `version: 1\nrules:\n  - command: ${command.slice(0, 4)} *\n${rule.replace(/^/gm, '    ')}`,
    });

  it.each([
    ['bytes are masked', '01020304 9000', '01FF0304 9000', 'mask: bytes 1', 'PASS'],
    ['but not the others', '01020304 9000', '01FF03FF 9000', 'mask: bytes 1', 'FAIL'],
    ['a masked tag of another length', '7006 8101AA 820155 9000', '7007 8102BBCC 820155 9000', 'mask: tag 81', 'PASS'],
    ['a masked tag must be there', '7006 8101AA 820155 9000', '7003 820155 9000', 'mask: tag 81', 'FAIL'],
    ['an ignored tag need not', '7006 8101AA 820155 9000', '7003 820155 9000', "ignoreTags: '81'", 'PASS'],
    ['an ignored tag may come', '7003 820155 9000', '7006 8101AA 820155 9000', "ignoreTags: '81'", 'PASS'],
    ['by its way', '7006 8101AA 820155 9000', '7006 8101BB 820155 9000', 'ignoreTags: 71/81', 'FAIL'],
    ['and what is beside it counts', '7006 8101AA 820155 9000', '7006 8101BB 820156 9000', "ignoreTags: '81'", 'FAIL'],
    ['a number in its range', '0005 9000', '0009 9000', 'ranges: [{at: bytes 0-1, from: 0001, to: 0009}]', 'PASS'],
    ['a number out of it', '0005 9000', '000A 9000', 'ranges: [{at: bytes 0-1, from: 0001, to: 0009}]', 'FAIL'],
    ['a class of status words', '6A82', '6A83', 'status: same-class', 'PASS'],
    ['another class', '6A82', '6982', 'status: same-class', 'FAIL'],
    ['one of several', '9000', '6282', 'status: 9000|62XX', 'PASS'],
    ['any answer', '0102 9000', '6D00', 'answer: any', 'PASS'],
    ['any answer with a status', '0102 9000', '6D00', 'answer: any\nstatus: 9000', 'FAIL'],
    ['a pattern', '0102 9000', '01F5 9000', 'answer: 01FX 9000', 'PASS'],
    ['a pattern that does not fit', '0102 9000', '01E5 9000', 'answer: 01FX 9000', 'FAIL'],
    ['an open pattern', '0102 9000', '010203040506 9000', 'answer: 01 *', 'PASS'],
  ])('%s', async (_, was, is, rule, verdict) => {
    const { verdicts } = await one('00CA010000', was, is.replaceAll(' ', ''), rule);
    expect(verdicts).toBe(verdict);
  });

  it('follows a random identifier through the session', async () => {
    const { verdicts, entries } = await replayed(
      recorded(['FFCA000000', '08A1B2C3 9000'], ['80100000 04 08A1B2C3', '9000'], ['80200000 00', 'AA 08A1B2C3 9000']),
      new ScriptedCard({
        FFCA000000: '08112233' + '9000',
        '801000000408112233': '9000',
        '8020000000': 'AA081122339000',
      }),
      {
        rules:
          'version: 1\nrules:\n  - command: FFCA000000\n    answer: XXXXXXXX 9000\n    capture: {uid: {from: bytes 0-3, follow: yes}}',
      },
    );
    expect(verdicts).toBe('PASS PASS PASS');
    expect(entries[1]).toMatchObject({ command: '801000000408112233', recordedCommand: '801000000408A1B2C3' });
  });

  it('sends again as often as the rule says, and tells how often', async () => {
    const rules = 'version: 1\nrules:\n  - command: 80F0 *\n    retries: 3';
    const card = new ScriptedCard((_, count) => (count < 3 ? '9100' : '9000'));
    const { entries, verdicts } = await replayed(recorded(['80F00000', '9000']), card, { rules });
    expect(verdicts).toBe('PASS');
    expect(entries[0]?.retries).toBe(2);
  });

  it('says which rules matched nothing', async () => {
    const rules = 'version: 1\nrules:\n  - {name: never, command: 80FF *}\n  - {exchanges: 1, status: any}';
    const { unusedRules } = await replayed(recorded(['00CA0000', '9000']), new ScriptedCard({}), { rules });
    expect(unusedRules).toEqual(['never']);
  });
});

describe('times', () => {
  it.each([
    ['1ms', 'FAIL'],
    ['5s', 'PASS'],
    ['+1ms', 'PASS'],
  ])('judges the deviation from a recorded second: %s %s', async (text, verdict) => {
    const { parseDeviation } = await import('../../../../rig/judge/replay/deviation.ts');
    const [command] = eventsOf([['00CA0000', '9000']]);
    const slow = sourceOf([command!, { type: 'response', t: SECOND, apdu: '9000' }]);
    const { verdicts, entries } = await replayed(slow, new ScriptedCard({ '00CA0000': '9000' }), {
      maxDeviation: parseDeviation(text),
    });
    expect(verdicts).toBe(verdict);
    expect(entries[0]?.time).toMatchObject({ recordedNs: SECOND });
    if (verdict === 'FAIL') expect(entries[0]?.divergence?.kind).toBe('time');
  });
});

describe('what goes wrong', () => {
  it('keeps what was replayed when the reader is lost', async () => {
    const { verdicts, problem } = await replayed(
      recorded([READ, '6A83'], [READ, '6A83'], [READ, '6A83'], [READ, '6A83']),
      new ScriptedCard({ [READ]: '6A83' }),
      { during: (entry, unplug) => entry.index === 2 && unplug() },
    );
    expect(verdicts).toBe('PASS PASS INCONCLUSIVE SKIPPED');
    expect(problem).toBe('the reader "loopback" was unplugged');
  });

  it('judges no exchange of which the trace has no answer', async () => {
    const { entries } = await replayed(recorded([READ, ''], [READ, '6A83']), new ScriptedCard({ [READ]: '6A83' }));
    expect(entries[0]).toMatchObject({ verdict: 'INCONCLUSIVE', problem: 'the trace has no answer to this command' });
    expect(entries[1]?.verdict).toBe('PASS');
  });

  it('passes over answers without a command', async () => {
    const events = eventsOf([[READ, '6A83']]);
    const { strayResponses, verdicts } = await replayed(
      sourceOf([{ type: 'response', t: 0, apdu: '9000' }, ...events]),
      new ScriptedCard({ [READ]: '6A83' }),
    );
    expect({ strayResponses, verdicts }).toEqual({ strayResponses: 1, verdicts: 'PASS' });
  });

  it('goes on after a command that the reader does not carry', async () => {
    const { verdicts } = await replayed(recorded(['00', '6700'], [READ, '6A83']), new ScriptedCard({ [READ]: '6A83' }));
    expect(verdicts).toBe('INCONCLUSIVE PASS');
  });
});
