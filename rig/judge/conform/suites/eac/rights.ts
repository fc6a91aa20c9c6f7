import {
  authorizationOf,
  encodeAuthorization,
  parseAuthorization,
  rightsOf,
} from '../../../../../src/secure-channel/index.ts';
import { COLD, send } from '../../define.ts';
import type { ConformanceCase, Step } from '../../model.ts';
import type { ReadableFile } from '../../terminal/channel-declaration.ts';
import { GRANTED } from '../../terminal/needs.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { INCORRECT, readAccess } from '../sm/channel-case.ts';
import { CLOSED, JUDGED, NOT_NOW, ofEac } from './eac-case.ts';

const ALL = ['PERFORM SECURITY OPERATION', 'EXTERNAL AUTHENTICATE', 'GENERAL AUTHENTICATE'];
const READ = ['READ BINARY'];

/** The file that a right gives, in the channel. */
function reads(terminal: Terminal, file: ReadableFile, expect: Parameters<Terminal['inside']>[2]): readonly Step[] {
  return [
    ...file.select.map((command) =>
      terminal.inside('to the application', command, { role: 'given', expect: { status: '9000|61XX' } }),
    ),
    terminal.inside('READ BINARY', file.read, expect),
  ];
}

/** The same in clear, where it is refused. */
function isClosedInClear(file: ReadableFile, words: string): readonly Step[] {
  return [
    ...file.select.map((command) => ({ ...send(words, command, '9000|61XX'), role: 'given' as const })),
    send('READ BINARY in clear', file.read, CLOSED),
  ];
}

const GIVEN = { expect: { status: '9000|6282', length: [1, 65_535] } } as const;

/** A CHAT with every right of another but one. */
function chatWithout(chat: Uint8Array, right: string): Uint8Array {
  const authorization = parseAuthorization(chat);
  if (authorization === null) return chat;
  const { type } = authorization;
  return encodeAuthorization(
    authorizationOf(
      type,
      'terminal',
      rightsOf(authorization).filter((each) => each !== right),
    ),
  );
}

export const RIGHTS: readonly ConformanceCase[] = [
  ofEac({
    id: 'EAR-001',
    title: 'PACE, terminal and chip authentication, and the new channel carries commands',
    commands: ALL,
    steps: ({ terminal, access }) => [
      ...access.pace(JUDGED),
      ...access.authenticate(JUDGED),
      ...access.chip(JUDGED),
      terminal.inside('READ BINARY in the new channel', readAccess(4)),
    ],
  }),
  ofEac({
    id: 'EAR-002',
    title: 'after chip authentication the keys of PACE are over',
    commands: ['GENERAL AUTHENTICATE'],
    steps: ({ terminal, access }) => {
      let old: ReturnType<Terminal['keep']> | null = null;
      const [select, agree] = access.chip() as [Step & { kind: 'terminal' }, Step & { kind: 'terminal' }];
      return [
        ...access.pace(),
        ...access.authenticate(),
        select,
        {
          ...agree,
          take: (response: Uint8Array) => {
            old = terminal.keep();
            agree.take?.(response);
          },
        },
        terminal.bare(
          'a right command under the keys of PACE',
          () => {
            if (old !== null) terminal.restore(old);
            return terminal.sealed(readAccess(4));
          },
          INCORRECT,
        ),
      ];
    },
  }),
  ofEac({
    id: 'EAR-003',
    title: 'what a right gives is read after terminal and chip authentication',
    commands: READ,
    needs: { file: GRANTED },
    steps: ({ terminal, access }, { file }) => [...access.whole(), ...reads(terminal, file, GIVEN)],
  }),
  ofEac({
    id: 'EAR-004',
    title: 'what a right gives is not read in the channel of PACE alone',
    commands: READ,
    needs: { file: GRANTED },
    steps: ({ terminal, access }, { file }) => [...access.pace(), ...reads(terminal, file, { expect: CLOSED })],
  }),
  ofEac({
    id: 'EAR-005',
    title: 'what a right gives is not read after terminal authentication without chip authentication',
    commands: READ,
    needs: { file: GRANTED },
    steps: ({ terminal, access }, { file }) => [
      ...access.pace(),
      ...access.authenticate(),
      ...reads(terminal, file, { expect: CLOSED }),
    ],
  }),
  ofEac({
    id: 'EAR-006',
    title: 'a right that PACE did not ask for is not granted, though the certificates have it',
    commands: READ,
    needs: { file: GRANTED },
    steps: ({ terminal, access, declared }, { file }) => [
      ...access.pace({ chat: chatWithout(declared.keys.chat, file.right) }),
      ...access.authenticate(),
      ...access.chip(),
      ...reads(terminal, file, { expect: CLOSED }),
    ],
  }),
  ofEac({
    id: 'EAR-007',
    title: 'what a right gives is not read in clear',
    commands: READ,
    needs: { file: GRANTED },
    steps: (_, { file }) => [...isClosedInClear(file, 'to the application')],
  }),
  ofEac({
    id: 'EAR-008',
    title: 'a plain command ends what a terminal was granted',
    commands: READ,
    needs: { file: GRANTED },
    steps: ({ access }, { file }) => [...access.whole(), ...isClosedInClear(file, 'to the application, in clear')],
  }),
  ofEac({
    id: 'EAR-009',
    title: 'power lost ends what a terminal was granted: the next channel begins without it',
    commands: READ,
    needs: { file: GRANTED },
    steps: ({ terminal, access }, { file }) => [
      ...access.whole(),
      COLD,
      ...terminal.pace(),
      ...reads(terminal, file, { expect: CLOSED }),
    ],
  }),
  ofEac({
    id: 'EAR-010',
    title: 'a wrong MAC ends what a terminal was granted: the next channel begins without it',
    commands: READ,
    needs: { file: GRANTED },
    steps: ({ terminal, access }, { file }) => [
      ...access.whole(),
      terminal.refused('READ BINARY with a wrong MAC', readAccess(4), INCORRECT, { mac: () => new Uint8Array(8) }),
      ...terminal.pace(),
      ...reads(terminal, file, { expect: CLOSED }),
    ],
  }),
  ofEac({
    id: 'EAR-011',
    title: 'without a CHAT in PACE no terminal authenticates itself',
    commands: ['EXTERNAL AUTHENTICATE'],
    steps: ({ terminal, access }) => [
      ...terminal.pace(),
      ...access
        .certificates()
        .map((step) => ({ ...step, expect: { status: '9000|6985|6982|6A80|6A88' }, take: () => {} })),
      { ...access.setTerminal(), expect: { status: '9000|6985|6982|6A80|6A88' } },
      { ...access.challenge(), expect: { status: '9000|6985|6982' } },
      access.sign({ ...JUDGED, expect: NOT_NOW }),
    ],
  }),
];
