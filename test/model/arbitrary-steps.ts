import fc from 'fast-check';
import {
  channels,
  command,
  inPieces,
  leave,
  MACS,
  managed,
  ne,
  PASSWORDS,
  pace,
  read,
  select,
  switching,
  unblocked,
  withCode,
  write,
} from './arbitrary-commands.ts';
import { KEYS, rightMac } from './key-model.ts';
import { CODES, FILES, type FilePlan, type Operation, type PasswordId, pathTo } from './plan.ts';
import { CARD_INTERFACES, type CardInterface, type Rule } from './rule.ts';
import type { Command, Protection, Step } from './step.ts';

/** Random steps, weighted so that most sequences get somewhere: an application selected, a code right, a file read. */

const cardInterface = fc.oneof(
  { weight: 4, arbitrary: fc.constant('contact' as const) },
  { weight: 1, arbitrary: fc.constantFrom(...CARD_INTERFACES) },
);
const channel = fc.oneof(
  { weight: 9, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 5 }) },
);

const protection = fc.constantFrom<Protection>(...Array<'none'>(9).fill('none'), 'right', 'right', 'right', 'tampered');

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 40,
    arbitrary: fc
      .record({ do: fc.constant('command' as const), cardInterface, channel, command, protection })
      // A proprietary class says nothing of secure messaging.
      .map((made) => ('cla' in made.command ? { ...made, protection: 'none' as const } : made)),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('reset' as const, 'power-on' as const, 'field-off' as const, 'deselect' as const),
      cardInterface,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('restart' as const, 'reboot' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(1, 30, 59, 60, 61) }),
  },
);

/** Files with what opens them: where they are, and the codes to present first. */
const WAYS = FILES.map((file) => ({
  path: pathTo(file),
  file,
  codes: CODES.filter(({ id }) =>
    (['read', 'update', 'append', 'activate'] as const).some((each) => mentions(file, each, id)),
  ),
}));

/** Steps that belong together, so that a sequence comes to what chance alone would seldom find. */
const phrase: fc.Arbitrary<Step[]> = fc
  .record({
    cardInterface,
    channel,
    way: fc.constantFrom(...WAYS),
    commands: fc.array(fc.oneof(read, write, switching), { minLength: 1, maxLength: 6 }),
    scene: fc.nat(9),
  })
  .map(({ cardInterface, channel, way, commands, scene }) => {
    const on = (where: CardInterface, command: Command): Step => ({
      do: 'command',
      cardInterface: where,
      channel,
      command,
    });
    const select: Command = { is: 'select-path', from: 'mf', path: way.path, answer: 3 };
    const present = way.codes.map(
      ({ reference, value: code }): Command => ({ is: 'verify', reference, code, chained: false }),
    );
    // Now and then the holder unlocks the phone first, or somebody tries wrong codes.
    const unlock = scene < 2 ? [select, ...present].map((each) => on('wired', each)) : [];
    const wrong: Command = { is: 'verify', reference: way.codes[0]?.reference ?? 0x01, code: '5555', chained: false };
    const guesses = scene === 9 ? [select, wrong, wrong, wrong, wrong].map((each) => on(cardInterface, each)) : [];
    const own = commands.map((each) => onCurrentFile(each, way.file));
    return [
      ...unlock,
      ...guesses,
      ...[select, ...present, ...own].map((each) => on(scene < 2 ? 'contactless' : cardInterface, each)),
    ];
  });

/** A secure channel, and what is done in it: mostly all of it protected. */
const secured: fc.Arbitrary<Step[]> = fc
  .record({
    cardInterface: fc.constantFrom(...CARD_INTERFACES),
    channel,
    openings: fc.array(pace, { minLength: 1, maxLength: 4 }),
    way: fc.constantFrom(...WAYS),
    own: fc.array(fc.oneof(read, read, write, switching), { minLength: 1, maxLength: 4 }),
    commands: fc.array(
      fc.record({ command: fc.oneof(managed, unblocked, withCode, select, channels, leave), protection }),
      { maxLength: 4 },
    ),
    inside: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
  })
  .map(({ cardInterface, channel, openings, way, own, commands, inside }) => {
    const on = (command: Command, protection: Protection): Step => ({
      do: 'command',
      cardInterface,
      channel,
      command,
      protection,
    });
    const present = way.codes.map(
      ({ reference, value: code }): Command => ({ is: 'verify', reference, code, chained: false }),
    );
    const select: Command = { is: 'select-path', from: 'mf', path: way.path, answer: 3 };
    const onFile = own.map((each) => onCurrentFile(each, way.file));
    return [
      ...openings.map((each, i) => on(each, inside[i] === true && i > 0 ? 'right' : 'none')),
      ...[select, ...present, ...onFile].map((each) => on(each, 'right')),
      ...commands.map((each) => on(each.command, each.protection === 'none' ? 'right' : each.protection)),
      ...onFile.map((each) => on(each, inside[0] === true ? 'right' : 'none')),
    ];
  });

/** The states of a PIN, one after the other: guessed at, suspended, resumed by the CAN or not, blocked, unblocked. */
const passwords: fc.Arbitrary<Step[]> = fc
  .record({
    cardInterface,
    guesses: fc.integer({ min: 0, max: 3 }),
    opening: fc.constantFrom<PasswordId>('CAN', 'CAN', 'PUK'),
    within: fc.array(
      fc.oneof({ weight: 3, arbitrary: pace }, { weight: 1, arbitrary: fc.oneof(managed, unblocked, read, inPieces) }),
      { minLength: 1, maxLength: 4 },
    ),
  })
  .map(({ cardInterface, guesses, opening, within }) => {
    const on = (command: Command, protection: Protection): Step => ({
      do: 'command',
      cardInterface,
      channel: 0,
      command,
      protection,
    });
    const right = (password: PasswordId): Command => ({
      is: 'pace',
      password,
      value: PASSWORDS.find((each) => each.password === password)?.value as string,
      stop: null,
    });
    const wrong: Command = { is: 'pace', password: 'PIN', value: '000000', stop: null };
    return [
      ...Array.from({ length: guesses }, () => on(wrong, 'none')),
      on(right(opening), 'none'),
      ...within.map((each) => on(each, 'right')),
    ];
  });

/** Record files that take records until they are full. */
const FILLED = WAYS.filter(
  ({ file }) => file.structure.startsWith('linear') && file.rules.append.contact.is === 'code',
);

const filling: fc.Arbitrary<Step[]> = fc
  .record({ cardInterface, way: fc.constantFrom(...FILLED), times: fc.integer({ min: 2, max: 5 }) })
  .map(({ cardInterface, way, times }) => {
    const append = onCurrentFile({ is: 'append-record', sfi: null, data: [] }, way.file);
    const select: Command = { is: 'select-path', from: 'mf', path: way.path, answer: 3 };
    const present = way.codes.map(
      ({ reference, value }): Command => ({ is: 'verify', reference, code: value, chained: false }),
    );
    return [select, ...present, ...Array.from({ length: times }, () => append)].map(
      (command): Step => ({ do: 'command', cardInterface, channel: 0, command }),
    );
  });

/** An answer longer than the link carries, with something or nothing between it and GET RESPONSE. */
const inParts: fc.Arbitrary<Step[]> = fc
  .record({
    channel: fc.constantFrom(0, 0, 1),
    other: fc.constantFrom(0, 1, 2),
    between: fc.option(step),
    ne,
    again: fc.boolean(),
  })
  .map(({ channel, other, between, ne, again }) => {
    const on = (number: number, command: Command): Step => ({
      do: 'command',
      cardInterface: 'contactless',
      channel: number,
      command,
    });
    return [
      ...(channel === other ? [] : [on(0, { is: 'open-channel', number: Math.max(channel, other) })]),
      on(channel, { is: 'select-path', from: 'mf', path: [0x0101], answer: 3 }),
      on(channel, { is: 'read-binary', sfi: null, offset: 0, ne: 256 }),
      ...(between === null ? [] : [between]),
      on(other, { is: 'get-response', ne }),
      ...(again ? [on(channel, { is: 'get-response', ne: 256 })] : []),
    ];
  });

/** What can be done with codes once some of them are proven. */
const codes: fc.Arbitrary<Step[]> = fc
  .record({
    cardInterface,
    proven: fc.subarray([...CODES]),
    commands: fc.array(withCode, { minLength: 1, maxLength: 5 }),
  })
  .map(({ cardInterface, proven, commands }) => {
    const present = proven.map(
      ({ reference, value }): Command => ({ is: 'verify', reference, code: value, chained: false }),
    );
    const select: Command = { is: 'select-path', from: 'mf', path: [0x6000], answer: 3 };
    return [select, ...present, ...commands].map(
      (command): Step => ({ do: 'command', cardInterface, channel: 0, command }),
    );
  });

/** A key is proven, wrongly or rightly, and what is behind it is read. */
const keys: fc.Arbitrary<Step[]> = fc
  .record({
    cardInterface,
    place: fc.constantFrom(
      { key: 0x05, path: [0x0103] },
      { key: 0x85, path: [0x6000, 0x6009] },
      { key: 0x05, path: [0x6000, 0x6005] },
    ),
    wrong: fc.constantFrom(0, 0, 0, 1, 2, 4),
    between: fc.option(step),
  })
  .map(({ cardInterface, place, wrong, between }) => {
    const on = (command: Command): Step => ({ do: 'command', cardInterface, channel: 0, command });
    const prove = (mac: readonly number[]): Step[] => [
      on({ is: 'challenge', ne: 16 }),
      on({ is: 'external', key: place.key, mac }),
    ];
    const right = rightMac(KEYS.find(({ reference }) => reference === place.key) as (typeof KEYS)[number]);
    return [
      on({ is: 'select-path', from: 'mf', path: place.path, answer: 3 }),
      ...Array.from({ length: wrong }, () => prove(MACS.at(-1) as number[])).flat(),
      ...prove(right),
      ...(between === null ? [] : [between]),
      on({ is: 'read-binary', sfi: null, offset: 0, ne: 256 }),
      on({ is: 'external-query', key: place.key }),
    ];
  });

/** The phone's window: opened on its screen, used by presentations through both interfaces, closed in several ways. */
const window: fc.Arbitrary<Step[]> = fc
  .array(
    fc.record({
      path: fc.constantFrom([0x6000, 0x6002], [0x6000, 0x6002], [0x6000, 0x6008], [0x7000, 0x7001]),
      ne: fc.constantFrom(256, 256, 4),
      before: fc.constantFrom(
        'nothing',
        'nothing',
        'reset',
        'deselect',
        'wait',
        'wrong',
        'forget',
        'own',
        'other',
        'restart',
      ),
      between: fc.constantFrom('nothing', 'nothing', 'wait', 'forget', 'wrong', 'other'),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((presentations) => {
    const on = (cardInterface: CardInterface, command: Command): Step => ({
      do: 'command',
      cardInterface,
      channel: 0,
      command,
    });
    const typed = (code: string): Step => on('wired', { is: 'verify', reference: 0x81, code, chained: false });
    const unlock = (fid: number, id: string): Step[] => [
      on('wired', { is: 'select-path', from: 'mf', path: [fid], answer: 3 }),
      typed(CODES.find((code) => code.id === id)?.value as string),
    ];
    const happening = (what: string): Step[] => {
      switch (what) {
        case 'reset':
        case 'deselect':
          return [{ do: what, cardInterface: 'contactless' }];
        case 'wait':
          return [{ do: 'wait', seconds: 31 }];
        case 'wrong':
          return [typed('5555')];
        case 'forget':
          return [on('wired', { is: 'forget', reference: 0x81 })];
        case 'own':
          return unlock(0x6000, 'own');
        case 'other':
          return unlock(0x7000, 'other');
        case 'restart':
          return [{ do: 'restart' }];
        default:
          return [];
      }
    };
    const present = ({ path, ne, before, between }: (typeof presentations)[number]): Step[] => [
      ...happening(before),
      on('contactless', { is: 'select-path', from: 'mf', path, answer: 3 }),
      on(
        'contactless',
        path[0] === 0x6000
          ? { is: 'read-record', sfi: null, p1: 1, mode: 5, ne }
          : { is: 'read-binary', sfi: null, offset: 0, ne },
      ),
      ...happening(between),
      on('contactless', { is: 'get-response', ne: 256 }),
    ];
    return [...unlock(0x6000, 'own'), ...presentations.flatMap(present)];
  });

/** The same command on the current file, with data as long as its records. */
function onCurrentFile(command: Command, file: FilePlan): Command {
  if (!('sfi' in command)) return command;
  const transparent = file.structure === 'transparent';
  const data = Array.from({ length: Math.min(file.recordSize, transparent ? 12 : 255) }, (_, i) => i);
  switch (command.is) {
    case 'read-binary':
    case 'read-record':
      return transparent
        ? { is: 'read-binary', sfi: null, offset: 0, ne: command.ne }
        : { is: 'read-record', sfi: null, p1: 1, mode: 4, ne: command.ne };
    case 'update-binary':
    case 'update-record':
      return transparent
        ? { is: 'update-binary', sfi: null, offset: 0, data }
        : { is: 'update-record', sfi: null, p1: 2, mode: 4, data };
    case 'append-record':
      return { ...command, sfi: null, data };
    default:
      return { ...command, sfi: null };
  }
}

function mentions(file: FilePlan, operation: Operation, code: string): boolean {
  const inRule = (rule: Rule): boolean =>
    rule.is === 'code' || rule.is === 'holder' ? rule.code === code : 'of' in rule && rule.of.some(inRule);
  return CARD_INTERFACES.some((each) => inRule(file.rules[operation][each]));
}

export const steps: fc.Arbitrary<Step[]> = fc
  .array(
    fc.oneof(
      { weight: 48, arbitrary: step.map((each) => [each]) },
      { weight: 8, arbitrary: phrase },
      { weight: 1, arbitrary: inParts },
      { weight: 1, arbitrary: filling },
      { weight: 3, arbitrary: window },
      { weight: 3, arbitrary: codes },
      { weight: 7, arbitrary: secured },
      { weight: 2, arbitrary: passwords },
      { weight: 3, arbitrary: keys },
    ),
    {
      minLength: 1,
      maxLength: 24,
      size: 'max',
    },
  )
  .map((parts) => parts.flat());
