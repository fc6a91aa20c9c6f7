import { compressed, domainParameters } from '../../../../../src/secure-channel/index.ts';
import { refused } from '../../define.ts';
import type { ConformanceCase } from '../../model.ts';
import type { TerminalDeclaration } from '../../terminal/channel-declaration.ts';
import { agreement, type ExtendedAccess, type WrongSignature } from '../../terminal/extended-access.ts';
import { flip, JUDGED, NOT_NOW, ofEac } from './eac-case.ts';

const MSE = ['MANAGE SECURITY ENVIRONMENT'];
const SIGN = ['EXTERNAL AUTHENTICATE'];
const AGREE = ['GENERAL AUTHENTICATE'];
const CHALLENGE = ['GET CHALLENGE'];

const ORDER: readonly ConformanceCase[] = [
  ofEac({
    id: 'EOR-001',
    title: 'MSE:Set AT of terminal authentication before any certificate is refused',
    commands: MSE,
    statusWords: ['6A88'],
    steps: ({ access }) => [...access.pace(), access.setTerminal({ ...JUDGED, expect: NOT_NOW })],
  }),
  ofEac({
    id: 'EOR-002',
    title: 'MSE:Set AT with the name of the document verifier is refused',
    commands: MSE,
    statusWords: ['6A88'],
    steps: ({ access }) => [
      ...access.pace(),
      ...access.certificates(false),
      access.setTerminal({ ...JUDGED, expect: NOT_NOW }),
    ],
  }),
  ofEac({
    id: 'EOR-003',
    title: 'EXTERNAL AUTHENTICATE without a challenge is refused',
    commands: SIGN,
    statusWords: ['6985'],
    steps: ({ access }) => [
      ...access.pace(),
      ...access.certificates(),
      access.setTerminal(),
      access.sign({ ...JUDGED, expect: refused('6985|6300|6982|6A80') }, { challenge: new Uint8Array(8) }),
    ],
  }),
  ofEac({
    id: 'EOR-004',
    title: 'EXTERNAL AUTHENTICATE without MSE:Set AT is refused',
    commands: SIGN,
    statusWords: ['6985'],
    steps: ({ access }) => [
      ...access.pace(),
      ...access.certificates(),
      access.challenge(),
      access.sign({ ...JUDGED, expect: refused('6985|6300|6982|6A80|6A88') }),
    ],
  }),
  ofEac({
    id: 'EOR-005',
    title: 'chip authentication before terminal authentication is refused',
    commands: AGREE,
    statusWords: ['6985'],
    steps: ({ access }) => [
      ...access.pace(),
      { ...access.selectChip(JUDGED), expect: { status: '9000|6985|6982|6A80|6A88', data: '' } },
      access.agreeWith('GENERAL AUTHENTICATE', () => access.ephemeral.publicKey, NOT_NOW),
    ],
  }),
  ofEac({
    id: 'EOR-006',
    title: 'GENERAL AUTHENTICATE of chip authentication without MSE:Set AT is refused',
    commands: AGREE,
    statusWords: ['6985'],
    steps: ({ access }) => [
      ...access.pace(),
      ...access.authenticate(),
      access.agreeWith('GENERAL AUTHENTICATE', () => access.ephemeral.publicKey, NOT_NOW),
    ],
  }),
  ofEac({
    id: 'EOR-007',
    title: 'a challenge is used up: the same signature once more is refused',
    commands: SIGN,
    steps: ({ access }) => [
      ...access.pace(),
      ...access.authenticate(),
      access.sign({ ...JUDGED, expect: refused('6985|6982|6300|6A80') }),
    ],
  }),
  ofEac({
    id: 'EOR-008',
    title: 'two challenges differ',
    commands: CHALLENGE,
    steps: ({ access }) => {
      let before: Uint8Array = new Uint8Array(0);
      const second = access.challenge(JUDGED);
      return [
        ...access.pace(),
        ...access.certificates(),
        access.setTerminal(),
        access.challenge(JUDGED),
        {
          ...second,
          make: () => {
            before = access.lastChallenge;
            return second.make();
          },
          open: (response) => {
            const opened = second.open?.(response) ?? response;
            // 6F01 stands for what no status word says: the same bytes as before.
            return String(opened.subarray(0, -2)) === String(before) ? Uint8Array.of(0x6f, 0x01) : opened;
          },
        },
      ];
    },
  }),
  ofEac({
    id: 'EOR-009',
    title: 'a challenge has eight bytes',
    commands: CHALLENGE,
    steps: ({ access }) => [
      ...access.pace(),
      ...access.certificates(),
      access.setTerminal(),
      { ...access.challenge(JUDGED), expect: { status: '9000', length: 8 } },
    ],
  }),
  ofEac({
    id: 'EOR-010',
    title: 'the certificates of one channel are forgotten in the next',
    commands: MSE,
    statusWords: ['6A88'],
    steps: ({ access }) => [
      ...access.pace(),
      ...access.certificates(),
      ...access.pace(),
      access.setTerminal({ ...JUDGED, expect: NOT_NOW }),
    ],
  }),
];

const SIGNATURES: readonly ConformanceCase[] = (
  [
    ['ESG-001', 'a signature with its first bit wrong', { signature: (bytes) => flip(bytes, 0) }],
    ['ESG-002', 'a signature with its last bit wrong', { signature: (bytes) => flip(bytes, -1) }],
    ['ESG-003', 'a signature of zeros', { signature: (bytes) => new Uint8Array(bytes.length) }],
    ['ESG-004', 'a signature without its last byte', { signature: (bytes) => bytes.subarray(0, -1) }],
    ['ESG-005', 'a signature with a byte more', { signature: (bytes) => Uint8Array.of(...bytes, 0) }],
    [
      'ESG-006',
      'r and s the other way round',
      {
        signature: (bytes) =>
          Uint8Array.of(...bytes.subarray(bytes.length / 2), ...bytes.subarray(0, bytes.length / 2)),
      },
    ],
    ['ESG-007', 'a signature over another challenge', { challenge: new Uint8Array(8) }],
    ['ESG-008', 'a signature over another chip', { chipKey: new Uint8Array(32).fill(3) }],
    ['ESG-009', 'a signature over another ephemeral key', { ephemeral: new Uint8Array(32).fill(5) }],
    [
      'ESG-010',
      'a signature over auxiliary data that were not announced',
      { auxiliaryData: Uint8Array.of(0x73, 0x00) },
    ],
  ] as [string, string, WrongSignature][]
).map(([id, title, wrong]) =>
  ofEac({
    id,
    title: `${title} is refused`,
    commands: SIGN,
    statusWords: ['6300'],
    steps: ({ access }) => [
      ...access.pace(),
      ...access.certificates(),
      access.setTerminal(),
      access.challenge(),
      access.sign({ ...JUDGED, expect: refused('6300|6A80|6700|6982|6985') }, wrong),
      // Nothing was proven: chip authentication is as closed as before.
      { ...access.selectChip(), expect: { status: '9000|6985|6982|6A80|6A88' } },
      access.agreeWith('chip authentication is closed', () => access.ephemeral.publicKey, NOT_NOW),
    ],
  }),
);

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

const CHIP: readonly ConformanceCase[] = [
  ofEac({
    id: 'ECH-001',
    title: 'chip authentication with a protocol that the card does not have is refused',
    commands: MSE,
    statusWords: ['6A80'],
    steps: ({ access }) => [
      ...access.pace(),
      ...access.authenticate(),
      access.selectChip({ ...JUDGED, expect: refused('6A80|6A88|6985') }, { protocol: bytes('04007F0007020203027F') }),
    ],
  }),
  ofEac({
    id: 'ECH-002',
    title: 'chip authentication with the number of no key is refused',
    commands: MSE,
    statusWords: ['6A88'],
    steps: ({ access }) => [
      ...access.pace(),
      ...access.authenticate(),
      access.selectChip({ ...JUDGED, expect: refused('6A80|6A88|6985') }, { privateKeyReference: Uint8Array.of(0xfe) }),
    ],
  }),
  ...(
    [
      [
        'ECH-003',
        'another key than the terminal signed for',
        (_, { chip }) => domainParameters(chip.curve).generator,
        '6300|6A80|6982|6985|6988',
      ],
      ['ECH-004', 'the point at infinity', () => Uint8Array.of(0x00), '6A80|6300|6982|6985|6988'],
      [
        'ECH-005',
        'a point that is on no curve',
        (access) => flip(access.ephemeral.publicKey, 40),
        '6A80|6300|6982|6985|6988',
      ],
      ['ECH-006', 'no key at all', () => new Uint8Array(0), '6A80|6300|6982|6985|6988'],
      ['ECH-007', "the chip's own key", (_, { chipKey }) => chipKey, '6300|6A80|6982|6985|6988'],
      ['ECH-008', 'x of the key alone', (access) => compressed(access.ephemeral.publicKey), '6A80|6300|6982|6985|6988'],
    ] as [string, string, (access: ExtendedAccess, declared: TerminalDeclaration) => Uint8Array, string][]
  ).map(([id, title, key, status]) =>
    ofEac({
      id,
      title: `chip authentication with ${title} is refused`,
      commands: AGREE,
      statusWords: ['6300', '6A80'],
      steps: ({ access, declared }) => [
        ...access.pace(),
        ...access.authenticate(),
        access.selectChip(),
        access.agreeWith('GENERAL AUTHENTICATE', () => key(access, declared), refused(status)),
      ],
    }),
  ),
  ofEac({
    id: 'ECH-009',
    title: "GENERAL AUTHENTICATE without the key's object is refused",
    commands: AGREE,
    statusWords: ['6A80'],
    steps: ({ terminal, access }) => [
      ...access.pace(),
      ...access.authenticate(),
      access.selectChip(),
      terminal.insideLate('object 81 instead of 80', () => agreement(0x81, access.ephemeral.publicKey), {
        expect: refused('6A80|6300|6982|6985|6988'),
      }),
    ],
  }),
  ofEac({
    id: 'ECH-010',
    title: 'the answer of chip authentication has a nonce of eight bytes and a token of eight',
    commands: AGREE,
    steps: ({ access }) => {
      const agree = access.agree(JUDGED);
      return [
        ...access.pace(),
        ...access.authenticate(),
        access.selectChip(),
        { ...agree, expect: { status: '9000', objects: { '7C/81': 'XXXXXXXXXXXXXXXX', '7C/82': 'XXXXXXXXXXXXXXXX' } } },
      ];
    },
  }),
];

export const PROTOCOLS: readonly ConformanceCase[] = [...ORDER, ...SIGNATURES, ...CHIP];
