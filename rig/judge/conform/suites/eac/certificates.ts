import { systemRandom } from '../../../../../src/hal/system/random.ts';
import {
  authorizationOf,
  issueCertificate,
  parseCertificate,
  type Role,
  randomKeyPair,
  type TerminalType,
} from '../../../../../src/secure-channel/index.ts';
import type { Holder } from '../../../../pki/holder.ts';
import { encodeReference } from '../../../../pki/reference.ts';
import { refused } from '../../define.ts';
import type { ConformanceCase, Step } from '../../model.ts';
import { bodyAndSignature, type ExtendedAccess, performSecurityOperation } from '../../terminal/extended-access.ts';
import { ISSUERS } from '../../terminal/needs.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { flip, JUDGED, NOT_NOW, ofEac, REFUSED } from './eac-case.ts';

const PSO = ['PERFORM SECURITY OPERATION'];
const MSE = ['MANAGE SECURITY ENVIRONMENT'];
const nobody = new TextEncoder().encode('XXNOBODY00001');

const first = (access: ExtendedAccess): Uint8Array => access.chain[0] as Uint8Array;
const own = (access: ExtendedAccess): Uint8Array => access.chain[access.chain.length - 1] as Uint8Array;
const authorityOf = (certificate: Uint8Array): Uint8Array => parseCertificate(certificate).authorityReference;

/** The first certificate of the chain, changed; its key is selected as it should be. */
const CHANGED: readonly ConformanceCase[] = (
  [
    ['ECC-001', 'a certificate with the last bit of its signature wrong', (bytes) => flip(bytes, -1)],
    ['ECC-002', 'a certificate with a bit of its signature wrong', (bytes) => flip(bytes, -20)],
    ['ECC-003', 'a certificate with a bit of its key wrong', (bytes) => flip(bytes, 60)],
    ['ECC-004', 'a certificate without its last byte', (bytes) => bytes.subarray(0, -1)],
    ['ECC-005', 'a certificate without its second half', (bytes) => bytes.subarray(0, bytes.length >> 1)],
    [
      'ECC-006',
      'a certificate with another object after its end',
      (bytes) => Uint8Array.of(...bytes, 0x53, 0x01, 0x00),
    ],
    [
      'ECC-007',
      'a body without a signature',
      (bytes) => bytes.subarray(0, bytes.length - 2 - signatureLength(bytes) - 1),
    ],
    ['ECC-008', 'a signature alone', (bytes) => bytes.subarray(bytes.length - signatureLength(bytes) - 3)],
    [
      'ECC-009',
      'a certificate in its outer template 7F21, which does not belong there',
      (bytes) => Uint8Array.of(0x7f, 0x21, ...berLength(bytes.length), ...bytes),
    ],
    ['ECC-010', 'bytes that are no data objects', () => new Uint8Array(40).fill(0xff)],
    [
      'ECC-011',
      'a body that says 4 GB',
      (bytes) => Uint8Array.of(0x7f, 0x4e, 0x84, 0xff, 0xff, 0xff, 0xff, ...bytes.subarray(5)),
    ],
  ] as [string, string, (bytes: Uint8Array) => Uint8Array][]
).map(([id, title, change]) =>
  ofEac({
    id,
    title: `${title} is refused`,
    commands: PSO,
    statusWords: ['6A80', '6300'],
    steps: ({ access }) => [
      ...access.pace(),
      access.select('MSE:Set DST', () => authorityOf(first(access))),
      access.verify('VERIFY CERTIFICATE', () => change(bodyAndSignature(first(access))), {
        ...JUDGED,
        // One client's card may take the outer template; none says that it must be refused.
        expect: id === 'ECC-009' ? { status: '9000|6300|6A80|6982|6985|6988', data: '' } : REFUSED,
      }),
    ],
  }),
);

const NAMES: readonly ConformanceCase[] = [
  ofEac({
    id: 'ECN-001',
    title: 'MSE:Set DST with the name of nobody is refused',
    commands: MSE,
    statusWords: ['6A88'],
    steps: ({ access }) => [
      ...access.pace(),
      access.select('MSE:Set DST', () => nobody, { ...JUDGED, expect: refused('6A88|6A80|6985', '6A88') }),
    ],
  }),
  ofEac({
    id: 'ECN-002',
    title: 'MSE:Set DST without a name is refused',
    commands: MSE,
    statusWords: ['6A80'],
    steps: ({ access }) => [
      ...access.pace(),
      access.select('MSE:Set DST', () => undefined, { ...JUDGED, expect: refused('6A80|6A88|6985') }),
    ],
  }),
  ofEac({
    id: 'ECN-003',
    title: 'MSE:Set DST with an empty name is refused',
    commands: MSE,
    statusWords: ['6A88'],
    steps: ({ access }) => [
      ...access.pace(),
      access.select('MSE:Set DST', () => new Uint8Array(0), { ...JUDGED, expect: refused('6A80|6A88|6985') }),
    ],
  }),
  ofEac({
    id: 'ECN-004',
    title: "the terminal's own certificate is not checked by a key that the card does not have yet",
    commands: MSE,
    statusWords: ['6A88'],
    steps: ({ access }) => [
      ...access.pace(),
      access.select('MSE:Set DST with the name of the document verifier', () => authorityOf(own(access)), {
        ...JUDGED,
        expect: refused('6A88|6A80|6985'),
      }),
    ],
  }),
  ofEac({
    id: 'ECN-005',
    title: 'a certificate under the key of somebody else is refused',
    commands: PSO,
    statusWords: ['6A80', '6300'],
    steps: ({ access }) => [
      ...access.pace(),
      access.select('MSE:Set DST with the name of the trust point', () => authorityOf(first(access))),
      access.verify('VERIFY CERTIFICATE of the terminal', () => bodyAndSignature(own(access)), {
        ...JUDGED,
        expect: REFUSED,
      }),
    ],
  }),
  ofEac({
    id: 'ECN-006',
    title: 'VERIFY CERTIFICATE without MSE:Set DST is refused',
    commands: PSO,
    statusWords: ['6985'],
    steps: ({ access }) => [
      ...access.pace(),
      access.verify('VERIFY CERTIFICATE', () => bodyAndSignature(first(access)), { ...JUDGED, expect: NOT_NOW }),
    ],
  }),
  ofEac({
    id: 'ECN-007',
    title: 'after a certificate that was refused the right chain is accepted in a new channel',
    commands: PSO,
    steps: ({ access }) => [
      ...access.pace(),
      access.select('MSE:Set DST', () => authorityOf(first(access))),
      access.verify('a wrong certificate', () => flip(bodyAndSignature(first(access)), -1), { expect: REFUSED }),
      ...access.pace(),
      ...access.authenticate(JUDGED),
    ],
  }),
  ofEac({
    id: 'ECN-008',
    title: 'VERIFY CERTIFICATE in clear, outside of any channel, is refused',
    commands: PSO,
    statusWords: ['6982'],
    steps: ({ terminal, access }) => [
      terminal.bare('VERIFY CERTIFICATE', () => performSecurityOperation(bodyAndSignature(first(access))), NOT_NOW),
    ],
  }),
];

interface Made {
  readonly name?: string;
  readonly role: Role;
  readonly type?: TerminalType;
  readonly from?: number;
  readonly to?: number;
  readonly offCurve?: boolean;
  readonly withDomainParameters?: boolean;
}

/** PACE and the certificates down to the verifier's, whose key is then selected. */
function asVerifier(
  access: ExtendedAccess,
  { verifier }: { readonly verifier: Pick<Holder, 'name'> },
): readonly Step[] {
  return [
    ...access.pace(),
    ...access.certificates(false),
    access.select('MSE:Set DST', () => encodeReference(verifier.name)),
  ];
}

/** A certificate whose issuer this bench has the key of. */
function made({ crypto }: Terminal, issuer: Pick<Holder, 'name' | 'key'>, wish: Made): Uint8Array {
  const { curve, hash } = issuer.key;
  const { publicKey } = randomKeyPair(crypto, systemRandom, curve);
  const { name = 'XXMADE00001', role, type = 'AT', from = 250101, to = 991231, offCurve = false } = wish;
  return bodyAndSignature(
    issueCertificate(
      crypto,
      {
        authorityReference: encodeReference(issuer.name),
        holderReference: encodeReference(name),
        hash,
        curve,
        point: offCurve ? flip(publicKey, 20) : publicKey,
        withDomainParameters: wish.withDomainParameters === true,
        authorization: authorizationOf(type, role, []),
        effectiveDate: from,
        expirationDate: to,
      },
      issuer.key,
    ),
  );
}

/** What a certificate says, though its signature is right. */
const SAID: readonly ConformanceCase[] = (
  [
    [
      'ECS-001',
      'a document verifier whose certificate has expired',
      { role: 'DV-official-domestic', from: 200101, to: 200102 },
    ],
    [
      'ECS-002',
      'a certificate that expires before it is effective',
      { role: 'DV-official-domestic', from: 991231, to: 250101 },
    ],
    ['ECS-003', 'a terminal that a root has issued, without a document verifier', { role: 'terminal' }],
    ['ECS-004', 'a document verifier of another terminal type', { role: 'DV-official-domestic', type: 'IS' }],
    [
      'ECS-005',
      'a document verifier with domain parameters of its own',
      { role: 'DV-official-domestic', withDomainParameters: true },
    ],
    [
      'ECS-006',
      'a document verifier whose key is no point of the curve',
      { role: 'DV-official-domestic', offCurve: true },
    ],
  ] as [string, string, Made][]
).map(([id, title, wish]) =>
  ofEac({
    id,
    title: `${title} is refused, though the signature is right`,
    commands: PSO,
    statusWords: ['6A80'],
    needs: { issuers: ISSUERS },
    steps: ({ terminal, access }, { issuers }) => [
      ...access.pace(),
      access.select('MSE:Set DST', () => encodeReference(issuers.root.name)),
      access.verify('VERIFY CERTIFICATE', () => made(terminal, issuers.root, wish), { ...JUDGED, expect: REFUSED }),
    ],
  }),
);

const ISSUED: readonly ConformanceCase[] = [
  ofEac({
    id: 'ECI-001',
    title: 'a terminal issues no certificate: one that its own key signed is refused',
    commands: PSO,
    statusWords: ['6A80'],
    steps: ({ terminal, access, declared }) => [
      ...access.pace(),
      ...access.certificates(),
      access.select("MSE:Set DST with the terminal's name", () => declared.keys.holderReference, {
        expect: { status: '9000|6A88|6A80' },
      }),
      access.verify(
        'VERIFY CERTIFICATE',
        () => {
          const name = new TextDecoder('latin1').decode(declared.keys.holderReference);
          return made(terminal, { name, key: declared.keys.key }, { role: 'terminal' });
        },
        { ...JUDGED, expect: REFUSED },
      ),
    ],
  }),
  ofEac({
    id: 'ECI-002',
    title: 'a certificate that somebody made in the name of the trust point is refused',
    commands: PSO,
    statusWords: ['6300'],
    steps: ({ terminal, access, declared }) => [
      ...access.pace(),
      access.select('MSE:Set DST', () => authorityOf(first(access))),
      access.verify(
        "VERIFY CERTIFICATE of nobody's key",
        () => {
          const { hash, curve } = declared.keys.key;
          const { privateKey } = randomKeyPair(terminal.crypto, systemRandom, curve);
          const name = new TextDecoder('latin1').decode(authorityOf(first(access)));
          return made(terminal, { name, key: { hash, curve, privateKey } }, { role: 'DV-official-domestic' });
        },
        { ...JUDGED, expect: REFUSED },
      ),
    ],
  }),
  ofEac({
    id: 'ECI-003',
    title: 'a document verifier that issues a document verifier is refused',
    commands: PSO,
    statusWords: ['6A80'],
    needs: { issuers: ISSUERS },
    steps: ({ terminal, access }, { issuers }) => [
      ...asVerifier(access, issuers),
      access.verify('VERIFY CERTIFICATE', () => made(terminal, issuers.verifier, { role: 'DV-official-domestic' }), {
        ...JUDGED,
        expect: REFUSED,
      }),
    ],
  }),
  ofEac({
    id: 'ECI-004',
    title: 'a terminal whose certificate has expired is refused',
    commands: PSO,
    statusWords: ['6A80'],
    needs: { issuers: ISSUERS },
    steps: ({ terminal, access }, { issuers }) => [
      ...asVerifier(access, issuers),
      access.verify(
        'VERIFY CERTIFICATE',
        () => made(terminal, issuers.verifier, { role: 'terminal', from: 200101, to: 200102 }),
        { ...JUDGED, expect: REFUSED },
      ),
    ],
  }),
  ofEac({
    id: 'ECI-005',
    title: 'a terminal of another document verifier type is refused',
    commands: PSO,
    statusWords: ['6A80'],
    needs: { issuers: ISSUERS },
    steps: ({ terminal, access }, { issuers }) => [
      ...asVerifier(access, issuers),
      access.verify('VERIFY CERTIFICATE', () => made(terminal, issuers.verifier, { role: 'terminal', type: 'ST' }), {
        ...JUDGED,
        expect: REFUSED,
      }),
    ],
  }),
];

/** Bytes of the signature's value at the end of a certificate; both of its lengths are below 128 on curves up to 448 bits. */
function signatureLength(bytes: Uint8Array): number {
  for (let at = bytes.length - 3; at > 0; at--) {
    if (bytes[at] === 0x5f && bytes[at + 1] === 0x37 && at + 3 + (bytes[at + 2] as number) === bytes.length) {
      return bytes[at + 2] as number;
    }
  }
  return 64;
}

function berLength(length: number): number[] {
  return length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

export const CERTIFICATES: readonly ConformanceCase[] = [...CHANGED, ...NAMES, ...SAID, ...ISSUED];
