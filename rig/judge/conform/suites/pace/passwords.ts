import { refused, send } from '../../define.ts';
import type { ConformanceCase, Step } from '../../model.ts';
import { counted } from '../../terminal/needs.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { readAccess } from '../sm/channel-case.ts';
import { FAILED, ofPace, works } from './pace-case.ts';

const wrong = { until: 5, wrong: true, change: { expect: FAILED } } as const;
/** A card that suspends its PIN before the last try tells it so. */
const SUSPENDED = '63C1';

const LEAVE = send('a plain command leaves the channel', readAccess(4), { status: '9000' });

/** What MSE:Set AT tells of a PIN from which no try is gone. */
const hasAllTries = (terminal: Terminal, tries: number): readonly Step[] =>
  terminal.pace({
    password: 'PIN',
    until: 1,
    role: 'judged',
    selected: `9000|63C${tries.toString(16).toUpperCase()}`,
  });

export const PASSWORDS: readonly ConformanceCase[] = [
  ofPace({
    id: 'PPW-001',
    title: 'a wrong CAN is refused with the token, and the right one opens the channel after it',
    statusWords: ['6300'],
    steps: (terminal) => [...terminal.pace(wrong), ...works(terminal)],
  }),
  ofPace({
    id: 'PPW-002',
    title: 'a CAN is not blocked by eleven wrong ones',
    statusWords: ['6300'],
    steps: (terminal) => [...Array.from({ length: 11 }, () => terminal.pace(wrong)).flat(), ...works(terminal)],
  }),
  ofPace({
    id: 'PPW-010',
    title: 'the PIN opens the channel',
    needs: { pin: counted('PIN', 2) },
    steps: (terminal) => [
      ...terminal.pace({ password: 'PIN', role: 'judged' }),
      terminal.inside('READ BINARY in the channel', readAccess(4)),
    ],
  }),
  ofPace({
    id: 'PPW-011',
    title: 'the PUK opens the channel',
    needs: { puk: counted('PUK', 2) },
    steps: (terminal) => [
      ...terminal.pace({ password: 'PUK', role: 'judged' }),
      terminal.inside('READ BINARY in the channel', readAccess(4)),
    ],
  }),
  ofPace({
    id: 'PPW-012',
    title: 'the PIN after the CAN, inside its channel, makes a new one',
    needs: { pin: counted('PIN', 2) },
    steps: (terminal) => [
      ...terminal.pace(),
      ...terminal.pace({ password: 'PIN', inside: true, resume: true, role: 'judged' }),
      terminal.inside('READ BINARY in the new channel', readAccess(4)),
    ],
  }),
  ofPace({
    id: 'PPW-013',
    title: 'MSE:Set AT for the PIN costs no try, however often it is sent',
    needs: { pin: counted('PIN', 2) },
    commands: ['MANAGE SECURITY ENVIRONMENT'],
    steps: (terminal) => [
      ...Array.from({ length: 5 }, () => terminal.pace({ password: 'PIN', until: 1, role: 'judged' })).flat(),
      ...terminal.pace({ password: 'PIN', role: 'judged', selected: '9000|63CX' }),
    ],
  }),
  ofPace({
    id: 'PPW-014',
    title: 'a terminal that stops before its token costs the PIN no try',
    needs: { pin: counted('PIN', 3) },
    steps: (terminal, { pin }) => [
      ...Array.from({ length: 3 }, () => terminal.pace({ password: 'PIN', until: 4 })).flat(),
      ...hasAllTries(terminal, pin),
    ],
  }),
  ofPace({
    id: 'PPW-020',
    title: 'a wrong PIN costs one try, which MSE:Set AT tells, and the right one gives it back',
    destructive: true,
    statusWords: ['6300'],
    needs: { pin: counted('PIN', 3) },
    steps: (terminal, { pin }) => [
      ...terminal.pace({ ...wrong, password: 'PIN' }),
      ...terminal.pace({ password: 'PIN', role: 'judged', selected: `63C${(pin - 1).toString(16).toUpperCase()}` }),
      LEAVE,
      ...hasAllTries(terminal, pin),
    ],
  }),
  ofPace({
    id: 'PPW-021',
    title: 'a PIN with one try left is suspended: PACE with it in clear is refused, even with the right code',
    destructive: true,
    statusWords: ['63C1'],
    needs: { pin: counted('PIN', 3) },
    steps: (terminal, { pin }) => [
      ...spend(terminal, pin - 1),
      ...terminal.pace({ password: 'PIN', until: 1, resume: true, role: 'judged', selected: SUSPENDED }),
      ...terminal.pace({
        password: 'PIN',
        resume: true,
        until: 2,
        change: { expect: refused('6985|6982|6983|6984|6A80|63C1', '6985') },
      }),
    ],
  }),
  ofPace({
    id: 'PPW-022',
    title: 'a suspended PIN is resumed by the CAN, and its last try opens the channel and gives the tries back',
    destructive: true,
    statusWords: ['63C1'],
    needs: { pin: counted('PIN', 3) },
    steps: (terminal, { pin }) => [
      ...spend(terminal, pin - 1),
      ...terminal.pace(),
      ...terminal.pace({ password: 'PIN', inside: true, resume: true, role: 'judged', selected: '63C1|9000' }),
      terminal.inside('READ BINARY in the new channel', readAccess(4)),
      LEAVE,
      ...hasAllTries(terminal, pin),
    ],
  }),
  ofPace({
    id: 'PPW-023',
    title: 'the last try spent, the PIN is blocked: the right code is refused, after the CAN too',
    destructive: true,
    statusWords: ['63C0', '6983'],
    needs: { pin: counted('PIN', 3) },
    steps: (terminal, { pin }) => [
      ...spend(terminal, pin - 1),
      ...terminal.pace(),
      ...terminal.pace({ ...wrong, password: 'PIN', inside: true, resume: true }),
      LEAVE,
      ...terminal
        .pace({ password: 'PIN', until: 1, role: 'judged', selected: '63C0|6983' })
        .map((step) => ({ ...step, take: () => {} })),
    ],
  }),
  ofPace({
    id: 'PPW-024',
    title: 'a blocked PIN is unblocked in the channel of the PUK',
    commands: ['RESET RETRY COUNTER'],
    destructive: true,
    needs: { pin: counted('PIN', 3), puk: counted('PUK', 2) },
    steps: (terminal, { pin }) => [
      ...spend(terminal, pin - 1),
      ...terminal.pace(),
      ...terminal
        .pace({ ...wrong, password: 'PIN', inside: true, resume: true })
        .map((step) => ({ ...step, role: 'given' as const })),
      LEAVE,
      ...terminal.pace({ password: 'PUK' }),
      terminal.inside('RESET RETRY COUNTER without a new code', '002C0303'),
      LEAVE,
      ...terminal.pace({ password: 'PIN', role: 'judged' }),
    ],
  }),
  ofPace({
    id: 'PPW-025',
    title: 'the PIN is not unblocked in clear',
    commands: ['RESET RETRY COUNTER'],
    destructive: true,
    needs: { pin: counted('PIN', 3) },
    steps: () => [send('RESET RETRY COUNTER in clear', '002C0303', refused('6982|6985|6A88|6984|6A86|6700'))],
  }),
  ofPace({
    id: 'PPW-026',
    title: 'the PIN is not unblocked in the channel of the CAN',
    commands: ['RESET RETRY COUNTER'],
    destructive: true,
    needs: { pin: counted('PIN', 3) },
    steps: (terminal) => [
      ...terminal.pace(),
      terminal.inside('RESET RETRY COUNTER', '002C0303', { expect: refused('6982|6985|6A88|6984|6A86') }),
    ],
  }),
];

/** Wrong tokens with the PIN, as many as that. */
function spend(terminal: Terminal, count: number) {
  return Array.from({ length: count }, () =>
    terminal.pace({ ...wrong, password: 'PIN' }).map((step) => ({ ...step, role: 'given' as const })),
  ).flat();
}
