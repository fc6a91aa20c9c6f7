import { ChannelError, paceOid, parseSecurityInfos } from '../../../../../src/secure-channel/index.ts';
import type { ChosenPace } from '../../../../channel/pace.ts';
import { refused, send } from '../../define.ts';
import type { ConformanceCase, Expectation } from '../../model.ts';
import { selectPace } from '../../terminal/terminal.ts';
import { readAccess } from '../sm/channel-case.ts';
import { ofPace, works } from './pace-case.ts';

const MSE = ['MANAGE SECURITY ENVIRONMENT'];
const CAN = 2;
/** The state of the password is told with the selection: tries left, or nothing to tell. */
const SELECTED: Expectation = { status: '9000|63CX', data: '' };
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replace(/\s+/g, ''), 'hex'));

export const ACCESS: readonly ConformanceCase[] = [
  ofPace({
    id: 'PAC-001',
    title: 'EF.CardAccess is read in clear by its short identifier 1C',
    commands: ['READ BINARY'],
    steps: () => [send('READ BINARY', readAccess(0), { status: '9000|6282', data: '31*' })],
  }),
  ofPace({
    id: 'PAC-002',
    title: 'EF.CardAccess is selected by its identifier 011C and read',
    commands: ['SELECT', 'READ BINARY'],
    steps: () => [
      send('SELECT', '00A4020C02011C', { status: '9000|61XX' }),
      send('READ BINARY', '00B0000004', { status: '9000', data: '31XXXXXX' }),
    ],
  }),
  ofPace({
    id: 'PAC-003',
    title: 'what EF.CardAccess has are SecurityInfos, with PACE among them',
    commands: ['READ BINARY'],
    steps: ({ channel }) => {
      try {
        const infos = parseSecurityInfos(channel.cardAccess);
        if (!infos.some(({ kind }) => kind === 'pace')) return 'EF.CardAccess names no PACE';
      } catch (error) {
        if (error instanceof ChannelError) return error.message;
        throw error;
      }
      return [send('READ BINARY', readAccess(4), { status: '9000', data: '31XXXXXX' })];
    },
  }),
  ofPace({
    id: 'PAC-004',
    title: 'EF.CardAccess cannot be written by everybody',
    commands: ['UPDATE BINARY'],
    destructive: true,
    steps: () => [send('UPDATE BINARY', '00D69C000130', refused('6982|6986|6981|6985|6D00|6A81'))],
  }),
];

export const SELECTION: readonly ConformanceCase[] = [
  ofPace({
    id: 'PMS-001',
    title: 'MSE:Set AT with the number of the domain parameters, and PACE to its end',
    steps: (terminal) => works(terminal),
  }),
  ofPace({
    id: 'PMS-002',
    title: 'MSE:Set AT without the number of the domain parameters, and PACE to its end',
    steps: (terminal) => [
      ...terminal.pace({ role: 'judged', withParameters: false }),
      terminal.inside('READ BINARY in the channel', readAccess(4)),
    ],
  }),
  ofPace({
    id: 'PMS-003',
    title: 'MSE:Set AT alone may be sent again and again',
    commands: MSE,
    steps: (terminal) => [
      ...terminal.pace({ until: 1, role: 'judged' }),
      ...terminal.pace({ until: 1, role: 'judged' }),
      ...works(terminal),
    ],
  }),
  ofPace({
    id: 'PMS-004',
    title: 'every PACE that EF.CardAccess offers runs to its end',
    steps: (terminal) =>
      terminal.channel.offers.flatMap((offer) => [
        ...terminal.pace({ role: 'judged', offer }),
        terminal.inside('READ BINARY in the channel', readAccess(4)),
        // In clear: the next one begins outside.
        send('a plain command leaves it', readAccess(4), { status: '9000' }),
      ]),
  }),
  ...(
    [
      [
        'PMS-010',
        'without a protocol',
        (offer: ChosenPace) => ({
          publicKeyReference: Uint8Array.of(CAN),
          privateKeyReference: Uint8Array.of(offer.parameterId),
        }),
        '6A80|6A88|6985',
      ],
      ['PMS-011', 'without a password', (offer: ChosenPace) => ({ protocol: paceOid(offer) }), '6A80|6A88|6985'],
      [
        'PMS-012',
        'with password 00',
        (offer: ChosenPace) => ({ protocol: paceOid(offer), publicKeyReference: Uint8Array.of(0) }),
        '6A80|6A88|6984|6983',
      ],
      [
        'PMS-013',
        'with password 7F, which no standard has',
        (offer: ChosenPace) => ({ protocol: paceOid(offer), publicKeyReference: Uint8Array.of(0x7f) }),
        '6A80|6A88|6984|6983',
      ],
      [
        'PMS-014',
        'with a password reference of two bytes',
        (offer: ChosenPace) => ({ protocol: paceOid(offer), publicKeyReference: Uint8Array.of(CAN, CAN) }),
        '6A80|6A88|6984',
      ],
      [
        'PMS-015',
        'with an empty password reference',
        (offer: ChosenPace) => ({ protocol: paceOid(offer), publicKeyReference: new Uint8Array(0) }),
        '6A80|6A88|6984',
      ],
      [
        'PMS-016',
        'with domain parameters 1F, which are reserved',
        (offer: ChosenPace) => ({
          protocol: paceOid(offer),
          publicKeyReference: Uint8Array.of(CAN),
          privateKeyReference: Uint8Array.of(0x1f),
        }),
        '6A80|6A88',
      ],
      [
        'PMS-017',
        'with a reference of domain parameters of two bytes',
        (offer: ChosenPace) => ({
          protocol: paceOid(offer),
          publicKeyReference: Uint8Array.of(CAN),
          privateKeyReference: Uint8Array.of(0, offer.parameterId),
        }),
        '6A80|6A88',
      ],
      [
        'PMS-018',
        'with an object identifier of no protocol',
        () => ({ protocol: bytes('04007F00070202047F'), publicKeyReference: Uint8Array.of(CAN) }),
        '6A80|6A88',
      ],
      [
        'PMS-019',
        'with the object identifier of PACE alone, without mapping and cipher',
        () => ({ protocol: bytes('04007F0007020204'), publicKeyReference: Uint8Array.of(CAN) }),
        '6A80|6A88',
      ],
      [
        'PMS-020',
        'with the integrated mapping over Diffie-Hellman with 3DES, which no card of today offers',
        () => ({ protocol: bytes('04007F00070202040301'), publicKeyReference: Uint8Array.of(CAN) }),
        '6A80|6A88',
      ],
      [
        'PMS-021',
        'with a CHAT that is no template',
        (offer: ChosenPace) => ({
          protocol: paceOid(offer),
          publicKeyReference: Uint8Array.of(CAN),
          chat: bytes('0102'),
        }),
        '6A80|6A88',
      ],
    ] as const
  ).map(([id, title, template, status]) =>
    ofPace({
      id,
      title: `MSE:Set AT ${title} is refused`,
      commands: MSE,
      statusWords: ['6A80', '6A88'],
      steps: (terminal) => [
        terminal.bare(
          'MSE:Set AT',
          () => selectPace(template(terminal.channel.offers[0] as ChosenPace)),
          refused(status),
        ),
        terminal.bare('the nonce is not given', () => bytes('1086000002 7C00 00'), refused('6985|6A80|6A88|6982')),
        ...works(terminal),
      ],
    }),
  ),
  ...(
    [
      ['PMS-030', 'with its protocol twice', (oid: string) => `800A${oid} 800A${oid} 830102`],
      ['PMS-031', 'with its password twice', (oid: string) => `800A${oid} 830102 830102`],
      ['PMS-032', 'with an object of another tag', (oid: string) => `800A${oid} 830102 9F0101`],
      ['PMS-033', 'with an object that is cut off', (oid: string) => `800A${oid} 8302 02`],
      ['PMS-034', 'with an object that says 4 GB', (oid: string) => `800A${oid} 83 84FFFFFFFF 02`],
    ] as const
  ).map(([id, title, data]) =>
    ofPace({
      id,
      title: `MSE:Set AT ${title} is refused`,
      commands: MSE,
      statusWords: ['6A80'],
      steps: (terminal) => {
        const oid = Buffer.from(paceOid(terminal.channel.offers[0] as ChosenPace)).toString('hex');
        const field = bytes(data(oid));
        return [
          terminal.bare(
            'MSE:Set AT',
            () => Uint8Array.of(0x00, 0x22, 0xc1, 0xa4, field.length, ...field),
            refused('6A80|6A88|6700', '6A80'),
          ),
          ...works(terminal),
        ];
      },
    }),
  ),
  ofPace({
    id: 'PMS-040',
    title: 'MSE:Set AT with an Le is taken or refused for its length, and PACE works after it',
    commands: MSE,
    steps: (terminal) => {
      const offer = terminal.channel.offers[0] as ChosenPace;
      const command = selectPace({ protocol: paceOid(offer), publicKeyReference: Uint8Array.of(CAN) });
      return [
        terminal.bare('MSE:Set AT with Le', () => Uint8Array.of(...command, 0x00), {
          status: '9000|63CX|6700',
          data: '',
        }),
        ...works(terminal),
      ];
    },
  }),
  ofPace({
    id: 'PMS-041',
    title: 'MSE:Set AT tells the state of the CAN, which no wrong code blocks',
    commands: MSE,
    steps: (terminal) => [
      terminal.bare(
        'MSE:Set AT',
        () => {
          const offer = terminal.channel.offers[0] as ChosenPace;
          return selectPace({ protocol: paceOid(offer), publicKeyReference: Uint8Array.of(CAN) });
        },
        SELECTED,
      ),
    ],
  }),
];
