import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildCard } from '../../../rig/card/build.ts';
import { explainCommand } from '../../../rig/card/explain-command.ts';
import { fromHex } from '../../../src/apdu/hex.ts';
import type { CardInterface } from '../../../src/hal/card-link.ts';
import { fakeIo } from '../console/fake-io.ts';

const LAB = '00A404000A F056495441504C414201 00';
const OWN = '00A4040C0A F0617043562D454D5501';
const CODE = '0020008104 31323334';
const CARD_CODE = '0020000104 39393939';
const WRONG = '0020008104 30303030';

/** What one interface of a card answers to the last of the commands, and why. */
async function explain(
  card: string,
  commands: readonly string[],
  cardInterface: CardInterface = 'contact',
): Promise<{ status: string; sentence: string; before: string[] }> {
  const io = fakeIo({ json: true });
  const bytes = commands.map((command) => fromHex(command));
  const options = { card, command: bytes.at(-1)!, after: bytes.slice(0, -1), interface: cardInterface, channel: null };
  expect(await explainCommand(options, io)).toBe(0);
  return JSON.parse(io.out.join('')).explanations[0];
}

describe('explain: 6982', () => {
  it.each<[string, readonly string[], CardInterface, string]>([
    [
      'vitale2',
      [OWN, '00B2011400'],
      'contact',
      'READ RECORD of E002 by contact needs code 81 verified in this session; it is not: send VERIFY 00 20 00 81',
    ],
    [
      'apcv',
      [OWN, '00B2011400'],
      'contactless',
      'READ RECORD of E002 by contactless needs code 81 typed on the phone and an authentication terminal with the right “read DG1”, in a channel opened with the CAN; what is missing: code 81 typed on the phone (the holder unlocks the card on the phone), an authentication terminal with the right “read DG1”, in a channel opened with the CAN (the command came in clear, outside of any channel: PACE opens one, then come terminal and chip authentication)',
    ],
    [
      'vitale2',
      [OWN, '00B2011400'],
      'contactless',
      'READ RECORD of E002 by contactless needs code 81 and an authentication terminal with the right “read DG1”, in a channel opened with the CAN, codes verified in this session; what is missing: code 81 (send VERIFY 00 20 00 81), an authentication terminal with the right “read DG1”, in a channel opened with the CAN (the command came in clear, outside of any channel: PACE opens one, then come terminal and chip authentication)',
    ],
    [
      'vitale2',
      [OWN, '0020008106 323734393136'],
      'contactless',
      'VERIFY by contactless needs secure messaging; it is not: the command came in clear: open a channel with PACE, and send it protected',
    ],
    [
      'lab',
      [LAB, CODE, '00B0870000'],
      'contact',
      'READ BINARY of 6F21 by contact needs code 81 and code 01, codes verified in this session; what is missing: code 01 (send VERIFY 00 20 00 01)',
    ],
    [
      'lab',
      [LAB, '00B0880000'],
      'contact',
      'READ BINARY of 6F22 by contact needs code 81 or code 01, codes verified in this session; none of it is so: send VERIFY 00 20 00 81, or send VERIFY 00 20 00 01',
    ],
    [
      'lab',
      [LAB, CODE, '00B0890000'],
      'contact',
      'READ BINARY of 6F23 by contact needs not code 81, codes verified in this session; it is not: a reset forgets code 81',
    ],
    [
      'lab',
      [LAB, '00B08A0000'],
      'contact',
      'READ BINARY of 6F24 by contact needs code 81 verified in this session (record 2 of 6F06); it is not: send VERIFY 00 20 00 81',
    ],
    ['lab', [LAB, '00B08B0000'], 'contact', 'READ BINARY of 6F25 by contact is never allowed'],
    [
      'lab',
      [LAB, '00B08C0000'],
      'contact',
      'READ BINARY of 6F26 by contact needs external authentication with key 05; it is not: the reader proves that it knows key 05: GET CHALLENGE, then EXTERNAL AUTHENTICATE 00 82 00 05',
    ],
    [
      'lab',
      [LAB, '00B08D0000'],
      'contact',
      'READ BINARY of 6F27 by contact needs secure messaging; it is not: the command came in clear: open a channel with PACE, and send it protected',
    ],
    [
      'lab',
      [LAB, WRONG, WRONG, WRONG, '00B08A0000'],
      'contact',
      'READ BINARY of 6F24 by contact needs code 81 verified in this session (record 2 of 6F06); it is not: code 81 is blocked, no try is left',
    ],
    [
      'lab',
      [LAB, '00E00000 0C 620A 800101 820101 83026F77'],
      'contact',
      'CREATE FILE in DF 7F10 by contact needs code 81 verified in this session; it is not: send VERIFY 00 20 00 81',
    ],
    [
      'lab',
      [LAB, CODE, '00DC2F0401 00', '00B08A0000'],
      'contact',
      'READ BINARY of 6F24 by contact needs code 81 verified in this session (record 2 of 6F06); that is so',
    ],
  ])('%s %j by %s', async (card, commands, cardInterface, sentence) => {
    const explained = await explain(card, commands, cardInterface);
    expect(explained.sentence).toBe(sentence);
    if (!sentence.endsWith('that is so')) expect(explained.status).toBe('6982');
  });

  it('an EF.ARR whose record is no rule any more', async () => {
    const { status, sentence } = await explain('lab', [LAB, CODE, '00DC023402 CAFE', '00B08A0000']);
    expect(status).toBe('6982');
    expect(sentence).toBe(
      'READ BINARY of 6F24 by contact is not allowed: its rule is record 2 of 6F06, which is no access rule',
    );
  });
});

describe('explain: other answers', () => {
  it.each([
    [[LAB, '00B0810010'], '9000', 'READ BINARY of 6F01 by contact is free'],
    [[LAB, '00B0840000'], '6981', 'READ BINARY does not work on 6F04, which is cyclic'],
    [[LAB, '00B2010400'], '6986', 'no EF is current in DF 7F10: SELECT one, or name it by its short identifier'],
    [[LAB, '00B2011CFF', '00B2091400'], '6A83', '6F02 has 6 records, and record 9 is none of them'],
    [[LAB, '00B2B1 10 00'], '6A83', '6F02 has 6 records, and one with identifier B1 there is none of them'],
    [[LAB, '00B0810000', '00B0012C01'], '6B00', 'the offset is outside 6F01, which has 300 bytes'],
    [[LAB, '00B08E0000'], '6985', '6F31 is deactivated: ACTIVATE FILE ends that'],
    [[LAB, '00B08F0000'], '6985', '6F32 is terminated, for ever'],
    [[LAB, '00B09A0000'], '6A82', 'no EF in DF 7F10 has the short identifier 1A'],
    [['00A40000021234'], '6A82', 'there is no file 1234 in the MF, beside it or above it; what was selected stays'],
    [['00A4020C021234'], '6A82', 'there is no EF 1234 in the MF; what was selected stays'],
    [['00A4040C02A000'], '6A82', 'no directory of this card has a name that begins with A000; what was selected stays'],
    [['00A4080C041234 5678'], '6A82', 'there is no path 12345678 from the MF; what was selected stays'],
    [['00A4030C'], '6A82', 'the MF is current, and nothing is above it'],
    [['005A0000'], '6D00', 'the card has no command with instruction 5A; `vitap card commands` lists its commands'],
    [['80A40000'], '6E00', 'class 80 is proprietary, and the application selected has no commands of it'],
    [['92A40000'], '6E00', 'class 92 is proprietary, and names logical channel 2, which is not open'],
    [['20A40000'], '6E00', 'class 20 is reserved in ISO/IEC 7816-4'],
    [['FFA40000'], '6E00', 'class FF is invalid in ISO/IEC 7816-4'],
    [['01A40000'], '6881', 'logical channel 1 is not open: MANAGE CHANNEL opens one'],
    [['0CA40000'], '6882', 'no secure channel is open on this logical channel: PACE opens one'],
    [
      ['04A40000'],
      '6882',
      'the class byte announces a secure messaging that this card has not: CLA with both bits of 0C has it',
    ],
    [['10B0000000'], '6884', 'READ BINARY takes no command chaining'],
    [
      ['10A4040001F0', '00B0000000'],
      '6883',
      'a chain of commands was open, and this command does not go on with it: the chain is dropped',
    ],
    [['00B0000001AA'], '6700', 'READ BINARY is a command of case 2, and this one is of case 3'],
    [['00B00000050102'], '6700', 'Lc, Le and the length of the command disagree'],
    [[LAB, '002000810131'], '6700', 'a data field of 1 byte is not what VERIFY takes here'],
    [['00B0FF0000'], '6A86', 'READ BINARY has no meaning for P1-P2 FF 00; `vitap card commands` lists its commands'],
    [['00C0000000'], '6985', 'the last command left nothing to fetch'],
    [['0020009F'], '6A88', 'no code 9F in the MF or of the card'],
    [
      [LAB, WRONG, WRONG, WRONG, CODE],
      '6983',
      'code 81 is blocked, no try is left: RESET RETRY COUNTER unblocks it, where the card has a code for that',
    ],
    [[CARD_CODE, '00FE0000', '00A40000'], '6985', 'the card is terminated: it will never carry out a command again'],
    [['00B0'], '6700', 'a command has at least four bytes: CLA INS P1 P2'],
  ])('%j: %s', async (commands, status, sentence) => {
    expect(await explain('lab', commands)).toMatchObject({ status, sentence });
  });
});

describe('explain', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-explain-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('tells of every interface, and leaves the image as it is', async () => {
    const image = join(folder, 'lab.img');
    await buildCard({ profiles: ['lab'], out: image, seed: null, state: null, force: false }, fakeIo());
    const before = readFileSync(image);
    const io = fakeIo();
    const command = fromHex('00E40000');
    const after = [fromHex(LAB), fromHex(CODE), fromHex('00A4020C026F01')];
    expect(await explainCommand({ card: image, command, after, interface: null, channel: null }, io)).toBe(0);
    expect(io.out.join('').split('\n')).toEqual([
      'contact      after 9000, 9000, 9000',
      'contact      9000  DELETE FILE of 6F01 by contact needs code 81 verified in this session; that is so.',
      'contactless  after 9000, 9000, 9000',
      'contactless  9000  DELETE FILE of 6F01 by contactless needs code 81 verified in this session; that is so.',
      'wired        after 9000, 9000, 9000',
      'wired        9000  DELETE FILE of 6F01 by wired needs code 81 verified in this session; that is so.',
      '',
    ]);
    expect(readFileSync(image).equals(before)).toBe(true);
  });

  it('never says a code', async () => {
    const { sentence } = await explain('lab', [LAB, '0020008104 31323335']);
    expect(sentence).not.toContain('3132');
  });
});

describe('explain: terminals and keys', () => {
  const MAC = '00'.repeat(16);
  it.each<readonly [commands: readonly string[], status: string, sentence: string]>([
    [
      [`0082000510${MAC}`],
      '6985',
      'no challenge of 16 bytes waits on this logical channel: GET CHALLENGE 00 84 00 00 10 comes before',
    ],
    [
      [...Array.from({ length: 5 }, () => ['0084000010', `0082000510${MAC}`]).flat(), '00820005'],
      '6983',
      'key 05 is blocked, no try is left',
    ],
    [[`0082000910${MAC}`], '6A88', 'no key 09 for this here'],
    [['0088000510 00000000000000000000000000000000 00'], '6A88', 'no key 05 for internal authentication here'],
    [[LAB, '0046818400'], '6985', 'key 84 is not generated yet: GENERATE ASYMMETRIC KEY PAIR 00 46 80 84 makes it'],
    [
      ['002A9E9A04 00000000 00'],
      '6985',
      'no key is chosen, or it is not generated yet: MSE:Set DST 00 22 41 B6 chooses one, GENERATE ASYMMETRIC KEY PAIR makes it',
    ],
    [['002241B603840105'], '6A88', 'no such key for signatures here'],
    [
      ['002281B603830141'],
      '6982',
      'terminal and chip authentication belong inside a channel: PACE opens one, with a CHAT, and not with the PUK',
    ],
  ])('%j: %s', async (commands, status, sentence) => {
    const explained = await explain('lab', commands);
    expect([explained.status, explained.sentence]).toEqual([status, sentence]);
  });
});
