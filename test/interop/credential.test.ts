import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { keyIdOfPoint } from '../../rig/life/credential/cose-key.ts';
import { packStatuses, STATUS_BITS, statusAt } from '../../rig/life/credential/status-list.ts';
import { signStatusListCwt, verifyStatusListCwt } from '../../rig/life/credential/status-list-cwt.ts';
import { verifyOfflineQr } from '../../rig/life/credential/verify-offline-qr.ts';
import type { Beneficiary, KeyedNir } from '../../src/applet/vitale/index.ts';
import {
  crypto,
  DAY,
  expectations,
  holder,
  ISSUER,
  innerCwt,
  issuer,
  NOW,
  offlineQr,
  people,
  STATUS_URI,
  statusList,
} from '../rig/life/credential/card.ts';
import { describeNeeds } from './real-parts.ts';

const JUDGE = fileURLToPath(new URL('hosts/credential-judge.py', import.meta.url));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function python(job: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { stdout, stderr, status } = spawnSync('/usr/bin/python3', [JUDGE], {
    input: JSON.stringify(job),
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}

describeNeeds(['cbor2'], "Python's cbor2 and cryptography", () => {
  const person = { ...(people(1)[0] as Beneficiary), birthDate: '19750101' };
  const { nir, key } = person.certifiedNir as KeyedNir;
  /** The same person as the token has it. */
  const row = [1, 0, 1, 19750101, 'ADRENE', null, 'ZOÉ', `${nir}${key}`, 20240101, null];

  it('open an offline QR code down to the people, and find both signatures right', async () => {
    const text = await offlineQr({
      inner: innerCwt({ people: [person] }),
    });
    expect(python({ what: 'offline-qr', text, issuerKey: hex(issuer.publicKey) })).toEqual({
      holderSignature: true,
      issuerSignature: true,
      types: ['application/vitap-present+cwt', 'application/vitap-card+cwt'],
      keyIds: [hex(keyIdOfPoint(holder.publicKey, crypto)), hex(keyIdOfPoint(issuer.publicKey, crypto))],
      issuedAt: NOW,
      expires: NOW + 60,
      tokenId: 'a0a1a2a3a4a5a6a7a8a9aaabacadaeaf',
      issuer: ISSUER,
      cardIssuedAt: NOW - 30 * DAY,
      cardExpires: NOW + 335 * DAY,
      status: { idx: 1234, uri: STATUS_URI },
      activation: 2,
      affiliation: '01999000110',
      people: [row],
      canonical: true,
    });
  }, 60_000);

  it('open the example of the page with the lines of the page', () => {
    const page = readFileSync(new URL('../../docs/presentation.md', import.meta.url), 'utf8');
    const program = /```python\n([\s\S]*?)```/.exec(page)?.[1] as string;
    const text = /^VT1:.*$/m.exec(page)?.[0] as string;
    const { stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', `text = ${JSON.stringify(text)}\n${program}`], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect(stderr).toBe('');
    expect(stdout).toContain("'ADRENE', None, 'ZOÉ'");
  }, 60_000);

  it('make an offline QR code that our verifier believes', async () => {
    const { text } = python({
      what: 'make-offline-qr',
      issuerPrivate: hex(issuer.privateKey),
      holderPrivate: hex(holder.privateKey),
      issuer: ISSUER,
      cardIssuedAt: NOW - DAY,
      cardExpires: NOW + DAY,
      issuedAt: NOW,
      tokenId: '000102030405060708090a0b0c0d0e0f',
      status: { idx: 1234, uri: STATUS_URI },
      activation: 7,
      affiliation: '01999000110',
      people: [row],
    });
    const judged = await verifyOfflineQr(text as string, expectations());
    expect(judged).toMatchObject({
      activation: 7,
      tokenId: '000102030405060708090a0b0c0d0e0f',
      people: [
        { firstName: 'ZOÉ', usualName: 'ADRENE', birthDate: '19750101', rights: [{ start: '20240101', end: null }] },
      ],
    });
  }, 60_000);

  it('read our status list, and we read theirs, at every number of bits', async () => {
    for (const bits of STATUS_BITS) {
      const values = Array.from({ length: 100 }, (_, i) => (i * 7) % 2 ** bits);
      const statuses = packStatuses(values.length, bits, values.entries());
      const indices = values.map((_, i) => i);
      const token = hex(await signStatusListCwt(statusList([], { statuses }), issuer, crypto));
      expect(python({ what: 'status-cwt', token, key: hex(issuer.publicKey), indices })).toEqual({
        signature: true,
        type: 'application/statuslist+cwt',
        claims: { 2: STATUS_URI, 4: NOW + 7 * DAY, 6: NOW - 3600, 65534: DAY / 2 },
        bits,
        length: Math.ceil((100 * bits) / 8),
        statuses: values,
      });
      const theirs = python({
        what: 'make-status-cwt',
        private: hex(issuer.privateKey),
        uri: STATUS_URI,
        issuedAt: NOW,
        expires: NOW + DAY,
        timeToLive: 60,
        bits,
        bytes: hex(statuses.bytes),
      });
      const list = verifyStatusListCwt(Uint8Array.from(Buffer.from(theirs.token as string, 'hex')), {
        uri: STATUS_URI,
        signers: [issuer.publicKey],
        now: NOW + 1,
        crypto,
      });
      expect(indices.map((index) => statusAt(list.statuses, index))).toEqual(values);
    }
  }, 120_000);

  it('find the status of one card in a list of a million', async () => {
    const statuses = packStatuses(1_000_000, 1, [[999_999, 1]]);
    const token = hex(await signStatusListCwt(statusList([], { statuses }), issuer, crypto));
    const judged = python({ what: 'status-cwt', token, key: hex(issuer.publicKey), indices: [0, 999_998, 999_999] });
    expect(judged).toMatchObject({ signature: true, length: 125_000, statuses: [0, 0, 1] });
  }, 60_000);
});
