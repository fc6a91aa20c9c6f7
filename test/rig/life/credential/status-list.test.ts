import { createHash } from 'node:crypto';
import { getListFromStatusListJWT, StatusList as JudgedList } from '@sd-jwt/jwt-status-list';
import { describe, expect, it } from 'vitest';
import {
  compressStatuses,
  inflateStatuses,
  packStatuses,
  STATUS_BITS,
  type StatusArray,
  type StatusBits,
  StatusListError,
  statusAt,
} from '../../../../rig/life/credential/status-list.ts';
import { signStatusListCwt, verifyStatusListCwt } from '../../../../rig/life/credential/status-list-cwt.ts';
import { signStatusListJwt, verifyStatusListJwt } from '../../../../rig/life/credential/status-list-jwt.ts';
import type { StatusListExpectations } from '../../../../rig/life/credential/status-list-token.ts';
import { loadVectors } from '../../../vectors/load.ts';
import { crypto, issuer, keyPair, NOW, STATUS_URI, statusList } from './card.ts';

interface ListRow {
  readonly id: string;
  readonly bits: StatusBits;
  readonly entries: number;
  readonly statuses?: readonly number[];
  readonly setStatuses?: Readonly<Record<string, number>>;
  readonly byteArray?: string;
  readonly byteArraySha256?: string;
  readonly lst: string;
}

interface RefusedList {
  readonly name: string;
  readonly bits: number;
  readonly lst: string;
  readonly index: number;
}

interface TokenRow {
  readonly uri: string;
  readonly bits: StatusBits;
  readonly statuses: readonly number[];
  readonly jwt: string;
  readonly cwt: string;
}

interface JudgedToken {
  readonly name: string;
  readonly form: 'JWT' | 'CWT';
  readonly token: string;
  readonly referencedUri: string;
  readonly clock: number;
  readonly expect: string;
}

const published = loadVectors<{
  lists: ListRow[];
  key: { x: string; y: string };
  tokens: { form: 'JWT' | 'CWT'; token: string }[];
  refusals: RefusedList[];
}>('status-list');
const more = loadVectors<{
  cborLists: { rows: { id: string; bits: StatusBits; cbor: string; probes: [number, number][] }[] };
  shortLists: { rows: { bits: StatusBits; statuses: number[]; byteArray: string; lst: string }[] };
  tokens: { rows: TokenRow[] };
  refusals: { rows: JudgedToken[] };
}>('token-status-list-more');

const draftKey = Uint8Array.of(
  4,
  ...Buffer.from(published.key.x, 'base64url'),
  ...Buffer.from(published.key.y, 'base64url'),
);
const inflated = (bits: number, lst: string): StatusArray => inflateStatuses(bits, Buffer.from(lst, 'base64url'));
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').toUpperCase();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();

function expecting(change: Partial<StatusListExpectations> = {}): StatusListExpectations {
  return { uri: STATUS_URI, signers: [issuer.publicKey], now: NOW, crypto, ...change };
}

describe('the published lists', () => {
  it.each(published.lists.map((row) => [row.id, row] as const))('%s', (_, row) => {
    const entries = row.statuses
      ? row.statuses.map((status, index) => [index, status] as const)
      : Object.entries(row.setStatuses ?? {}).map(([index, status]) => [Number(index), status] as const);
    const packed = packStatuses(row.entries, row.bits, entries);
    if (row.byteArray !== undefined) expect(hex(packed.bytes)).toBe(row.byteArray);
    else expect(sha256(packed.bytes)).toBe(row.byteArraySha256);
    // Compressed bytes differ between libraries: what counts is what they inflate to.
    expect(sha256(inflated(row.bits, row.lst).bytes)).toBe(sha256(packed.bytes));
    expect(sha256(inflateStatuses(row.bits, compressStatuses(packed)).bytes)).toBe(sha256(packed.bytes));
    for (const [index, status] of entries) expect(statusAt(packed, index)).toBe(status);
  });

  it.each(more.shortLists.rows.map((row) => [`${row.bits} bits: ${row.byteArray}`, row] as const))('%s', (_, row) => {
    const packed = packStatuses(row.statuses.length, row.bits, row.statuses.entries());
    expect(hex(packed.bytes)).toBe(row.byteArray);
    expect(hex(inflated(row.bits, row.lst).bytes)).toBe(row.byteArray);
  });

  it.each(published.refusals.map((row) => [row.name, row] as const))('refused: %s', (_, row) => {
    const look = (): number => {
      const stream = Buffer.from(row.lst, 'base64url');
      if (stream.toString('base64url') !== row.lst) throw new StatusListError('malformed', 'base64url');
      return statusAt(inflateStatuses(row.bits, stream, 100_000), row.index);
    };
    expect(look).toThrow(StatusListError);
  });
});

describe('statuses', () => {
  it.each([...STATUS_BITS])('of %i bits stand beside each other without touching', (bits) => {
    const most = 2 ** bits - 1;
    for (let index = 0; index < 17; index++) {
      const packed = packStatuses(17, bits, [[index, most]]);
      for (let other = 0; other < 17; other++) expect(statusAt(packed, other)).toBe(other === index ? most : 0);
    }
  });

  it('are refused where they have no place', () => {
    expect(() => packStatuses(16, 1, [[16, 1]])).toThrow(RangeError);
    expect(() => packStatuses(16, 1, [[-1, 1]])).toThrow(RangeError);
    expect(() => packStatuses(16, 1, [[0, 2]])).toThrow(RangeError);
    for (const index of [16, -1, 0.5, Number.NaN]) {
      expect(() => statusAt(packStatuses(16, 1, []), index)).toThrow(StatusListError);
    }
  });
});

describe('a Status List Token', () => {
  const statuses = packStatuses(1000, 2, [
    [7, 1],
    [999, 2],
  ]);
  const content = statusList([], { statuses });

  it('is verified in both forms, and says who signed it', async () => {
    const expected = { ...content, signer: issuer.publicKey };
    expect(verifyStatusListJwt(await signStatusListJwt(content, issuer, crypto), expecting())).toEqual(expected);
    expect(verifyStatusListCwt(await signStatusListCwt(content, issuer, crypto), expecting())).toEqual(expected);
  });

  it('is read by another implementation (@sd-jwt/jwt-status-list)', async () => {
    for (const bits of STATUS_BITS) {
      const values = Array.from({ length: 40 }, (_, i) => (i * 7) % 2 ** bits);
      const packed = packStatuses(values.length, bits, values.entries());
      const token = await signStatusListJwt({ ...content, statuses: packed }, issuer, crypto);
      const theirs = getListFromStatusListJWT(token);
      expect(values.map((_, i) => theirs.getStatus(i))).toEqual(values);
      const ours = inflated(bits, new JudgedList(values, bits).compressStatusList());
      expect(values.map((_, i) => statusAt(ours, i))).toEqual(values);
    }
  });

  it.each([
    ['of another list', { uri: `${STATUS_URI}0` }, 'other-list'],
    ['signed by somebody else', { signers: [keyPair(9).publicKey] }, 'other-signer'],
    ['when nobody is trusted', { signers: [] }, 'other-signer'],
    ['expired', { now: content.expires as number }, 'expired'],
    ['issued later than now', { now: content.issuedAt - 31 }, 'malformed'],
    ['that is too large', { mostBytes: 249 }, 'bomb'],
  ] as const)('is refused: %s', async (_, change, reason) => {
    const jwt = await signStatusListJwt(content, issuer, crypto);
    const cwt = await signStatusListCwt(content, issuer, crypto);
    expect(() => verifyStatusListJwt(jwt, expecting(change))).toThrow(expect.objectContaining({ reason }));
    expect(() => verifyStatusListCwt(cwt, expecting(change))).toThrow(expect.objectContaining({ reason }));
  });

  it.each([
    ['padding behind it', (lst: string) => `${lst}=`],
    ['the other alphabet', (lst: string) => lst.replace('-', '+').replace('_', '/')],
    ['a space in it', (lst: string) => ` ${lst}`],
  ])('is refused where base64url is not strict: %s', async (_, change) => {
    // So many entries that both characters in which the alphabets differ occur.
    const many = packStatuses(
      4000,
      1,
      Array.from({ length: 2000 }, (_, i) => [(i * i) % 4000, 1] as const),
    );
    const token = await signStatusListJwt({ ...content, statuses: many }, issuer, crypto);
    const [header, payload] = token.split('.') as [string, string];
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { status_list: { lst: string } };
    expect(claims.status_list.lst).toMatch(/[-_]/);
    claims.status_list.lst = change(claims.status_list.lst);
    const signed = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
    const signature = issuer.sign(crypto.hash('sha-256', Buffer.from(signed)));
    const forged = `${signed}.${Buffer.from(signature).toString('base64url')}`;
    expect(() => verifyStatusListJwt(forged, expecting())).toThrow('not in base64url without padding');
  });

  it('is not even read when it is longer than its statuses could be', async () => {
    const jwt = `${await signStatusListJwt(content, issuer, crypto)}${'A'.repeat(10_000)}`;
    expect(() => verifyStatusListJwt(jwt, expecting({ mostBytes: 250 }))).toThrow('characters, more than');
    const cwt = Buffer.concat([await signStatusListCwt(content, issuer, crypto), new Uint8Array(5000)]);
    expect(() => verifyStatusListCwt(cwt, expecting({ mostBytes: 250 }))).toThrow('too many for 250 of statuses');
  });

  it('is refused with any one bit changed', async () => {
    const cwt = await signStatusListCwt(content, issuer, crypto);
    for (let bit = 0; bit < 8 * cwt.length; bit++) {
      const flipped = Uint8Array.from(cwt);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => verifyStatusListCwt(flipped, expecting()), `bit ${bit}`).toThrow(StatusListError);
    }
  }, 60_000);
});

describe('the published tokens', () => {
  const verify = async (form: 'JWT' | 'CWT', token: string, uri: string, now: number): Promise<StatusArray> => {
    const expected = expecting({ uri, now, signers: [draftKey] });
    const list =
      form === 'JWT' ? verifyStatusListJwt(token, expected) : verifyStatusListCwt(Buffer.from(token, 'hex'), expected);
    return list.statuses;
  };

  it.each(published.tokens.map(({ form, token }) => [form, token] as const))(
    'the example of the draft, %s',
    async (form, token) => {
      const list = await verify(form, token, 'https://example.com/statuslists/1', 1_700_000_000);
      expect([0, 1, 2, 3].map((index) => statusAt(list, index))).toEqual([1, 0, 0, 1]);
    },
  );

  it.each(more.tokens.rows.map((row) => [`${row.bits} bits, ${row.statuses.length} statuses`, row] as const))(
    '%s',
    async (_, row) => {
      for (const list of [
        await verify('JWT', row.jwt, row.uri, 1_700_000_000),
        await verify('CWT', row.cwt, row.uri, 1_700_000_000),
      ]) {
        expect(row.statuses.map((_, index) => statusAt(list, index))).toEqual(row.statuses);
      }
    },
  );

  it.each(more.refusals.rows.map((row) => [`${row.form}: ${row.name}`, row] as const))('%s', async (_, row) => {
    const judged = verify(row.form, row.token, row.referencedUri, row.clock);
    if (row.expect.startsWith('accept')) expect(statusAt(await judged, 0)).toBe(1);
    else await expect(judged).rejects.toBeInstanceOf(StatusListError);
  });
});
