import { describe, expect, it } from 'vitest';
import { CLAIM, type Claim, isAfterTomorrow, readClaim } from '../../../../rig/life/credential/claim.ts';
import { decodeInvoice, encodeInvoice, INVOICE_RECORD_SIZE } from '../../../../src/applet/vitale/index.ts';

const claim: Claim = {
  number: '000000042',
  date: '20261129',
  beneficiaryIndex: 1,
  professionalId: '991234567',
  professionalName: 'CABINET DES TILLEULS',
  total: 3000,
  amo: 1900,
  amc: 900,
  patient: 200,
  thirdParty: true,
};

const refusal = (change: object): string => {
  const read = readClaim({ ...claim, ...change });
  return 'refusal' in read ? read.refusal : 'accepted';
};

describe('a claim', () => {
  it('is the summary of an invoice, and fits the record that the card keeps', () => {
    const longest = { ...claim, professionalName: `${'É'.repeat(21)}A` };
    expect(readClaim(longest)).toStrictEqual({ claim: longest });
    const record = encodeInvoice({ ...longest, status: 'recorded' });
    expect(record).toHaveLength(INVOICE_RECORD_SIZE);
    expect(record.at(-1)).not.toBe(0xff);
    expect(decodeInvoice(record)).toStrictEqual({ ...longest, status: 'recorded' });
  });

  it.each([
    [{ diagnosis: 'x' }, '`diagnosis`: medical data have no place on this card'],
    [{ codeActe: 'x' }, '`codeActe`: medical data have no place on this card'],
    [{ more: [{ ald: true }] }, '`ald`: medical data have no place on this card'],
    [{ remark: 'x' }, '`remark` is no field of a claim'],
    [{ status: 'paid' }, '`status` is no field of a claim'],
    [{ total: 3001 }, 'total 30,01 € is not AMO + AMC + patient, which make 30,00 €'],
    [{ total: -1 }, '`total`: '],
    [{ amo: 0.5 }, '`amo`: '],
    [{ date: '20260230' }, '`date`: not a day of the calendar written AAAAMMJJ'],
    [{ number: '42' }, '`number`: not 9 digits'],
    [{ beneficiaryIndex: 0 }, '`beneficiaryIndex`: '],
    [{ professionalName: 'É'.repeat(22) }, '`professionalName`: not 1 to 43 bytes of printable text'],
    [{ professionalName: 'A\u001b[2J' }, '`professionalName`: not 1 to 43 bytes of printable text'],
    [{ professionalName: 'A\u202eB' }, '`professionalName`: not 1 to 43 bytes of printable text'],
    [{ professionalName: 'A\ud800' }, '`professionalName`: not 1 to 43 bytes of printable text'],
    [{ professionalName: ' ' }, '`professionalName`: not 1 to 43 bytes of printable text'],
    [{ thirdParty: 'yes' }, '`thirdParty`: '],
    [{ amc: undefined }, '`amc`: '],
  ])('with %j is refused', (change, sentence) => {
    const said = refusal(change);
    expect(said.startsWith(sentence), said).toBe(true);
  });

  it.each([[null], ['text'], [7], [[]], [[claim]]])('is not %j', (document) => {
    expect(readClaim(document)).toStrictEqual({ refusal: 'this is no claim' });
    expect(CLAIM.safeParse(document).success).toBe(false);
  });
});

it.each([
  ['20261129', false],
  ['20261130', false],
  ['20261201', true],
  ['20991231', true],
])('a claim of %s, on 29 November 2026 in the evening: after tomorrow %s', (date, isLate) => {
  expect(isAfterTomorrow({ date }, Date.UTC(2026, 10, 29, 23, 59))).toBe(isLate);
});
