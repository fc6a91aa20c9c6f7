import { expect, it } from 'vitest';
import * as z from 'zod';
import * as wire from '../../../../rig/life/api/wire.ts';

const schemas = Object.entries<unknown>({ ...wire }).filter(
  (entry): entry is [string, z.ZodType] => entry[1] instanceof z.ZodType,
);

it.each(schemas)('%s can be described as JSON Schema', (_name, schema) => {
  expect(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })).toHaveProperty('$schema');
});

const CLAIM = {
  number: '000000001',
  date: '20261129',
  beneficiaryIndex: 1,
  professionalId: '999000001',
  professionalName: 'CABINET TEST',
  total: 2650,
  amo: 1855,
  amc: 795,
  patient: 0,
  thirdParty: true,
};

it.each<[string, z.ZodType, unknown, boolean]>([
  ['a ticket', wire.BEGIN, { ticket: 'x'.repeat(16), can: '123456', cardSerial: '01' }, true],
  ['no ticket', wire.BEGIN, { can: '123456', cardSerial: '01' }, false],
  ['a card without a serial number', wire.BEGIN, { ticket: 'x'.repeat(16), can: '123456', cardSerial: '' }, false],
  [
    'a delegation to a name',
    wire.DELEGATE,
    { delegateKey: 'DUPONT', beneficiaryIndex: 1, agreed: ['insured'], until: 1 },
    false,
  ],
  ['a claim', wire.CLAIM_BY_CONTEXT, { token: 'x'.repeat(16), claim: CLAIM }, true],
  ['a claim with an act', wire.CLAIM_BY_CONTEXT, { token: 'x'.repeat(16), claim: { ...CLAIM, act: 'G' } }, false],
  [
    'a claim that does not add up',
    wire.CLAIM_BY_CONTEXT,
    { token: 'x'.repeat(16), claim: { ...CLAIM, patient: 1 } },
    false,
  ],
  ['both proofs of an offline claim', wire.CLAIM_OFFLINE, { offline: 'VO1:', cardSerial: '01', claim: CLAIM }, false],
  ['half a byte', wire.RELAY, { step: 'personalisation', relay: null, answer: '900' }, false],
  [
    'a key that is no point of 32 bytes',
    wire.COMMIT,
    { holderKey: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } },
    false,
  ],
  [
    'a private key',
    wire.COMMIT,
    { holderKey: { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43), d: 'A' } },
    false,
  ],
  ['an empty presence', wire.RESOLVE, { presence: '' }, false],
  ['a token with a line end', wire.WITH_TOKEN, { token: `${'x'.repeat(16)}\n` }, false],
  ['no key', wire.TRUST, { issuer: 'a', keys: [], statusList: 'b' }, true],
  ['nothing agreed', wire.MINT, { agreed: [] }, false],
  ['something unknown agreed', wire.MINT, { agreed: ['diagnosis'] }, false],
])('%s', (_name, schema, document, right) => {
  expect(schema.safeParse(document).success).toBe(right);
});
