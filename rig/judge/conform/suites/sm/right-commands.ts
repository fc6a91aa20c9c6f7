import { COLD, refused, SELECTED, WARM } from '../../define.ts';
import type { ConformanceCase } from '../../model.ts';
import { CONFINED, EXTENDED_LENGTH, LOGICAL_CHANNELS } from '../../terminal/needs.ts';
import { bytesHex, inChannel, isOver, NO_CHANNEL, readAccess, stillFree } from './channel-case.ts';

/** SELECT of EF.CardAccess by its identifier: data and no answer. */
const SELECT_ACCESS = '00A4020C02011C';

export const RIGHT_COMMANDS: readonly ConformanceCase[] = [
  inChannel({
    id: 'SMC-001',
    title: 'an answer with data comes protected: cryptogram, status and MAC',
    steps: (terminal) => [
      terminal.inside('READ BINARY', readAccess(4), {
        expect: { status: '9000', data: bytesHex(terminal.channel.cardAccess, 0, 4) },
      }),
    ],
  }),
  inChannel({
    id: 'SMC-002',
    title: 'a command with data is deciphered',
    commands: ['SELECT'],
    steps: (terminal) => [terminal.inside('SELECT', SELECT_ACCESS, { expect: { status: '9000', data: '' } })],
  }),
  inChannel({
    id: 'SMC-003',
    title: 'a file that was selected inside is the current one inside',
    commands: ['READ BINARY'],
    steps: (terminal) => [
      terminal.inside('SELECT', SELECT_ACCESS, { role: 'given' }),
      terminal.inside('READ BINARY of the current EF', '00B0000004', {
        expect: { status: '9000', data: bytesHex(terminal.channel.cardAccess, 0, 4) },
      }),
    ],
  }),
  inChannel({
    id: 'SMC-004',
    title: 'a command with data and an answer with data',
    commands: ['SELECT'],
    steps: (terminal) => [terminal.inside('SELECT with Le', '00A4020002011C00', { expect: SELECTED })],
  }),
  inChannel({
    id: 'SMC-005',
    title: 'the counter goes on with every message',
    steps: (terminal) =>
      [1, 2, 3, 4, 5].map((count) =>
        terminal.inside(`READ BINARY, number ${count}`, readAccess(count), {
          expect: { status: '9000', data: bytesHex(terminal.channel.cardAccess, 0, count) },
        }),
      ),
  }),
  inChannel({
    id: 'SMC-006',
    title: 'the counter goes over 255: a number of one byte is not enough',
    steps: (terminal) =>
      Array.from({ length: 130 }, (_, index) =>
        terminal.inside(`READ BINARY, number ${index + 1}`, readAccess(4), {
          expect: { status: '9000', data: bytesHex(terminal.channel.cardAccess, 0, 4) },
        }),
      ),
  }),
  ...[15, 16, 17].map((length) =>
    inChannel({
      id: `SMC-01${length - 15}`,
      title: `an answer of ${length} bytes is padded as it must be`,
      steps: (terminal) => {
        const { cardAccess } = terminal.channel;
        if (cardAccess.length < length) return `EF.CardAccess has ${cardAccess.length} bytes`;
        return [
          terminal.inside(`READ BINARY of ${length}`, readAccess(length), {
            expect: { status: '9000', data: bytesHex(cardAccess, 0, length) },
          }),
        ];
      },
    }),
  ),
  inChannel({
    id: 'SMC-013',
    title: 'an offset is that of the plain command',
    steps: (terminal) => [
      terminal.inside('READ BINARY from 2', readAccess(2, 2), {
        expect: { status: '9000', data: bytesHex(terminal.channel.cardAccess, 2, 4) },
      }),
    ],
  }),
  inChannel({
    id: 'SMC-014',
    title: 'Le 00 asks for all there is',
    steps: (terminal) => [
      terminal.inside('READ BINARY', readAccess(0), {
        expect: {
          status: '9000|6282',
          data: `${bytesHex(terminal.channel.cardAccess, 0, Math.min(terminal.channel.cardAccess.length, 223))}*`,
        },
      }),
    ],
  }),
  inChannel({
    id: 'SMC-015',
    title: 'an extended command: DO 97 of two bytes',
    needs: { extended: EXTENDED_LENGTH },
    steps: (terminal) => [
      terminal.inside('READ BINARY, extended', '00B09C00000004', {
        expect: { status: '9000', data: bytesHex(terminal.channel.cardAccess, 0, 4) },
      }),
    ],
  }),
  inChannel({
    id: 'SMC-016',
    title: 'an extended command with data',
    commands: ['SELECT'],
    needs: { extended: EXTENDED_LENGTH },
    steps: (terminal) => [
      terminal.inside('SELECT, extended', '00A4020C000002011C', { expect: { status: '9000', data: '' } }),
    ],
  }),
  inChannel({
    id: 'SMC-020',
    title: 'a refusal of the plain command comes protected, and the channel stays',
    commands: ['SELECT'],
    steps: (terminal) => [
      terminal.inside('SELECT of a file that is not there', '00A4020C02FEFE', { expect: refused('6A82') }),
      terminal.inside('READ BINARY after it', readAccess(4), {
        expect: { status: '9000', data: bytesHex(terminal.channel.cardAccess, 0, 4) },
      }),
    ],
  }),
  inChannel({
    id: 'SMC-021',
    title: 'an instruction that the card does not have is refused inside, and the channel stays',
    commands: [],
    steps: (terminal) => [
      terminal.inside('instruction F2', '00F2000000', { expect: refused('6D00') }),
      terminal.inside('READ BINARY after it', readAccess(4)),
    ],
  }),
  inChannel({
    id: 'SMC-022',
    title: 'an offset outside of the file is refused inside, and the channel stays',
    steps: (terminal) => [
      terminal.inside('READ BINARY', '00B09CFF01', { expect: refused('6B00') }),
      terminal.inside('READ BINARY after it', readAccess(4)),
    ],
  }),
  inChannel({
    id: 'SMC-030',
    title: 'an odd instruction: DO 85, and the data object of the answer in DO 85',
    commands: ['READ BINARY (odd INS)'],
    steps: (terminal) => [
      terminal.inside('READ BINARY (odd INS)', '00B1001C0354010000', {
        expect: { status: '9000', data: `53*` },
      }),
    ],
  }),
  inChannel({
    id: 'SMC-031',
    title: 'after an odd instruction the even ones go on',
    commands: ['READ BINARY (odd INS)'],
    steps: (terminal) => [
      terminal.inside('READ BINARY (odd INS)', '00B1001C0354010000'),
      terminal.inside('READ BINARY', readAccess(4), {
        expect: { status: '9000', data: bytesHex(terminal.channel.cardAccess, 0, 4) },
      }),
    ],
  }),
  inChannel({
    id: 'SMC-040',
    title: 'what only a channel may read is read inside it',
    needs: { file: CONFINED },
    steps: (terminal, { file }) => [
      ...file.select.map((command) => terminal.inside('to the file', command, { role: 'given' })),
      terminal.inside('READ BINARY', file.read, { expect: { status: '9000|6282', length: [1, 65_535] } }),
    ],
  }),
  inChannel({
    id: 'SMC-041',
    title: 'what only a channel may read is not read in clear while it is open on the same logical channel',
    needs: { file: CONFINED },
    steps: (terminal, { file }) => [
      ...file.select.map((command) => ({ ...sendGiven(command) })),
      terminal.bare('READ BINARY in clear', () => fromDigits(file.read), refused('6982|6985|6987', '6982')),
      isOver(terminal),
    ],
  }),
  inChannel({
    id: 'SMC-042',
    title: 'a plain command ends the channel and is answered in clear, with no more than everybody may',
    steps: (terminal) => [stillFree(terminal.channel), isOver(terminal)],
  }),
  inChannel({
    id: 'SMC-043',
    title: 'a reset ends the channel',
    steps: (terminal) => [COLD, terminal.refused('a right command of the old channel', readAccess(4), NO_CHANNEL)],
  }),
  inChannel({
    id: 'SMC-044',
    title: 'a warm reset ends the channel',
    steps: (terminal) => [WARM, terminal.refused('a right command of the old channel', readAccess(4), NO_CHANNEL)],
  }),
  inChannel({
    id: 'SMC-045',
    title: 'a channel can be opened again after one has ended',
    steps: (terminal) => [
      stillFree(terminal.channel),
      ...terminal.pace({ role: 'judged' }),
      terminal.inside('READ BINARY in the new channel', readAccess(4), {
        expect: { status: '9000', data: bytesHex(terminal.channel.cardAccess, 0, 4) },
      }),
    ],
  }),
  inChannel({
    id: 'SMC-046',
    title: 'SELECT of the MF inside leaves the channel open',
    commands: ['SELECT'],
    steps: (terminal) => [
      terminal.inside('SELECT of the MF', '00A4000C023F00', { expect: SELECTED }),
      terminal.inside('READ BINARY', readAccess(4)),
    ],
  }),
  inChannel({
    id: 'SMC-050',
    title: 'a plain command on another logical channel is answered with no more than everybody may',
    needs: { channels: LOGICAL_CHANNELS, file: CONFINED },
    commands: ['MANAGE CHANNEL', 'READ BINARY'],
    steps: (terminal, { file }) => [
      terminal.inside('MANAGE CHANNEL opens channel 1', '0070000001', {
        role: 'given',
        expect: { status: '9000', data: '01' },
      }),
      ...file.select.map((command) => sendGiven(onChannelOne(command))),
      terminal.bare(
        'READ BINARY in clear on channel 1',
        () => fromDigits(onChannelOne(file.read)),
        refused('6982|6985|6987', '6982'),
      ),
    ],
  }),
];

function onChannelOne(command: string): string {
  return `01${command.replace(/\s+/g, '').slice(2)}`;
}

function sendGiven(command: string) {
  return { kind: 'command', role: 'given', words: 'to the file, in clear', command, expect: SELECTED } as const;
}

function fromDigits(command: string): Uint8Array {
  return Uint8Array.from(Buffer.from(command.replace(/\s+/g, ''), 'hex'));
}
